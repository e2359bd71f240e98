-- The segments of a rule in force are numbered from 1 and each begins where the one before it
-- ends; none but the last is open.
select *
from (
    select
        score_month,
        rule_id,
        segment_no,
        lower_value,
        upper_value,
        lag(segment_no) over version as previous_segment_no,
        lag(upper_value) over version as previous_upper_value
    from {{ ref('int_rules_monthly') }}
    window version as (partition by score_month, rule_id order by segment_no nulls last)
)
where
    segment_no != coalesce(previous_segment_no, 0) + 1
    or lower_value is null
    or upper_value <= lower_value
    or (segment_no > 1 and previous_upper_value is distinct from lower_value)
