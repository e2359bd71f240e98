-- One row per month, city and city-level figure that is a number: the range that the indicators of
-- its type have.
with

ranges as (
    select
        score_month,
        value_type,
        min(valid_min) as valid_min,
        case when count(*) = count(valid_max) then max(valid_max) end as valid_max
    from marts.dim_indicators
    group by score_month, value_type
),

final as (
    select
        metrics.score_month,
        metrics.city_code,
        'fct_city_metrics' as place,
        metrics.metric_name as unit_name,
        metrics.metric_value,
        ranges.valid_min,
        ranges.valid_max
    from marts.fct_city_metrics as metrics
    inner join reference.city_metrics as city_metrics
        on metrics.metric_code = city_metrics.metric_code
    inner join ranges
        on
            metrics.score_month = ranges.score_month
            and city_metrics.value_type = ranges.value_type
)

select * from final
