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
)

select
    score_month,
    metrics.city_code,
    'fct_city_metrics' as place,
    metrics.metric_name as unit_name,
    metrics.metric_value,
    ranges.valid_min,
    ranges.valid_max
from marts.fct_city_metrics as metrics
inner join reference.city_metrics using (metric_code)
inner join ranges using (score_month, value_type)
