-- One row per printed cell of the annexes in force, the unit's name apart: what it is called there,
-- and half a unit of its last place.
create temp view printed_figures as
select
    score_month,
    city_code,
    mart_name as place,
    units.unit_id,
    unit_name,
    units.group_code,
    units.group_name,
    column_name,
    annex_columns.view_column_name as column_title,
    printed.cell_text,
    try_cast(printed.cell_text as decimal(18, 6)) as cell_value,
    cast('0.' || repeat('0', annex_columns.decimals) || '5' as decimal(18, 10)) as half_place
from printed_cells as printed
inner join intermediate.int_annex_columns_monthly as annex_columns
    using (score_month, mart_name, column_name)
inner join marts.dim_units as units using (score_month, city_code, unit_name)
