-- One row per cell of the monthly files as scoring reads it, errata applied: whose it is, where it
-- stands, what the column is called.
with

cells as (
    select * from intermediate.int_cells_corrected
),

units as (
    select * from marts.dim_units
),

indicators as (
    select * from reference.indicators
),

final as (
    select
        cells.score_month,
        cells.city_code,
        cells.feed_code,
        cells.feed_kind,
        'seeds/raw/' || strftime(cells.score_month, '%Y_%m') || '/raw_' || cells.feed_code
        || '__' || strftime(cells.score_month, '%Y_%m') || '.csv' as place,
        cells.row_no,
        cells.row_key,
        cells.unit_id,
        coalesce(units.unit_name, cells.row_key) as unit_name,
        units.group_code,
        cells.column_name,
        indicators.indicator_name as column_title,
        indicators.valid_max,
        cells.value_type,
        cells.cell_text,
        cells.cell_value,
        cells.is_not_applicable
    from cells
    left join units
        on
            cells.score_month = units.score_month
            and cells.unit_id = units.unit_id
    left join indicators on cells.column_name = indicators.indicator_code
)

select * from final
