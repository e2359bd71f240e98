-- One row per cell of the monthly files as scoring reads it, errata applied: whose it is, where it
-- stands, what the column is called.
create temp view arrived_cells as
select
    score_month,
    cells.city_code,
    cells.feed_code,
    cells.feed_kind,
    'seeds/raw/' || strftime(score_month, '%Y_%m') || '/' || coalesce(cells.source_file, 'errata')
        as place,
    cells.row_no,
    cells.row_key,
    unit_id,
    coalesce(units.unit_name, cells.row_key) as unit_name,
    units.group_code,
    cells.column_name,
    indicators.indicator_name as column_title,
    cells.value_type,
    indicators.valid_min,
    indicators.valid_max,
    cells.cell_text,
    cells.cell_value,
    cells.is_not_applicable
from intermediate.int_cells_corrected as cells
left join marts.dim_units as units using (score_month, unit_id)
left join reference.indicators as indicators on cells.column_name = indicators.indicator_code
