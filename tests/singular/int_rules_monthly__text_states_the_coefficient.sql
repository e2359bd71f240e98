-- The text that units read names the very coefficient that is applied, so that nobody changes
-- one without the other.
select
    score_month,
    rule_id,
    segment_no,
    slope_points,
    rule_text
from {{ ref('int_rules_monthly') }}
where
    slope_points not in (0, 1)
    and not contains(rule_text, rtrim(cast(abs(slope_points) as varchar), '0'))
    and not contains(rule_text, cast(cast(abs(slope_points) as decimal(8, 2)) as varchar))
