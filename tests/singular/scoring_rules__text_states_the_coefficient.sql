-- The text that units read names the very coefficient that is applied, so that nobody changes
-- one without the other.
select
    rule_id,
    valid_from,
    segment_no,
    slope_points,
    rule_text
from {{ ref('scoring_rules') }}
where
    slope_points not in (0, 1)
    and not contains(rule_text, rtrim(cast(abs(slope_points) as varchar), '0'))
    and not contains(rule_text, cast(cast(abs(slope_points) as decimal(8, 2)) as varchar))
