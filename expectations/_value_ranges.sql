-- One row per month and type of value: the range that its indicators have.
create temp view value_ranges as
select
    score_month,
    value_type,
    min(valid_min) as valid_min,
    case when count(*) = count(valid_max) then max(valid_max) end as valid_max
from marts.dim_indicators
group by score_month, value_type
