-- One row per month, city and city-level rate that states the same matter as an indicator of units,
-- by city_metrics or by bulletin_problems: whether it is full while units have faults, or is not
-- while none has.
with

unit_cells as (
    select
        *,
        coalesce(
            cell_value < valid_max or (valid_max is null and cell_value > valid_min), false
        ) as is_fault
    from arrived_cells
    where feed_kind = 'indicators'
),

matters as (
    select
        score_month,
        metric_code,
        indicator_code
    from intermediate.int_bulletin_problems_monthly
    where metric_code is not null
    union
    select
        indicators.score_month,
        city_metrics.metric_code,
        city_metrics.indicator_code
    from reference.city_metrics
    inner join marts.dim_indicators as indicators using (indicator_code)
),

unit_faults as (
    select
        score_month,
        city_code,
        column_name as indicator_code,
        '“' || any_value(column_title) || '”' as title,
        count(*) filter (where is_fault) as fault_count,
        string_agg(unit_name || ' ' || cell_text, '、' order by unit_id nulls last) filter (
            where is_fault
        ) as faults
    from unit_cells
    group by score_month, city_code, column_name
),

rates as (
    select
        cells.score_month,
        cells.city_code,
        cells.place,
        cells.row_no,
        city_metrics.metric_code,
        city_metrics.metric_name,
        cells.column_name,
        feed_columns.column_label,
        cells.cell_text,
        cells.cell_value = value_ranges.valid_max as is_full
    from arrived_cells as cells
    inner join reference.feed_columns as feed_columns using (feed_code, column_name)
    inner join reference.city_metrics as city_metrics on cells.row_key = city_metrics.metric_code
    inner join value_ranges
        on
            cells.score_month = value_ranges.score_month
            and city_metrics.value_type = value_ranges.value_type
    where feed_columns.value_type = 'value' and value_ranges.valid_max is not null
)

select
    score_month,
    rates.city_code,
    rates.place,
    rates.row_no,
    rates.metric_name as unit_name,
    rates.column_name,
    rates.column_label as column_title,
    rates.cell_text,
    case
        when rates.is_full and unit_faults.fault_count > 0
            then unit_faults.title || '：' || unit_faults.faults
        when not rates.is_full and unit_faults.fault_count = 0
            then unit_faults.title || '：各单位均无问题'
    end as contradiction
from rates
inner join matters using (score_month, metric_code)
inner join unit_faults using (score_month, city_code, indicator_code)
