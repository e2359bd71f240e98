-- One row per month, city and city-level figure that is a number: the range that the indicators of
-- its type have.
select
    score_month,
    metrics.city_code,
    'fct_city_metrics' as place,
    metrics.metric_name as unit_name,
    metrics.metric_value,
    value_ranges.valid_min,
    value_ranges.valid_max
from marts.fct_city_metrics as metrics
inner join reference.city_metrics using (metric_code)
inner join value_ranges using (score_month, value_type)
