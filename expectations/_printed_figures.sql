-- One row per printed cell of the annexes in force, the unit's name apart: what it is called there,
-- and half a unit of its last place.
create temp view printed_figures as
select
    printed.score_month,
    printed.city_code,
    printed.mart_name as place,
    units.unit_id,
    units.unit_name,
    units.group_code,
    units.group_name,
    printed.column_name,
    annex_columns.view_column_name as column_title,
    printed.cell_text,
    try_cast(printed.cell_text as decimal(18, 6)) as cell_value,
    cast('0.' || repeat('0', annex_columns.decimals) || '5' as decimal(18, 10)) as half_place
from printed_cells as printed
inner join intermediate.int_annex_columns_monthly as annex_columns
    on
        printed.score_month = annex_columns.score_month
        and printed.mart_name = annex_columns.mart_name
        and printed.column_name = annex_columns.column_name
inner join marts.dim_units as units
    on
        printed.score_month = units.score_month
        and printed.city_code = units.city_code
        and printed.unit_name = units.unit_name
