-- The bulletin can name every indicator that ever took points for faults or for what is left
-- undone, and no other.
with

fault_indicators as (
    select distinct group_indicators.indicator_code
    from {{ ref('group_indicators') }} as group_indicators
    inner join {{ ref('scoring_rules') }} as rules on group_indicators.rule_id = rules.rule_id
    where rules.rule_kind in ('per_case_deduction', 'pool_deduction', 'proportional')
)

select
    problems.indicator_code as problem_code,
    fault_indicators.indicator_code as fault_code
from {{ ref('bulletin_problems') }} as problems
full outer join fault_indicators on problems.indicator_code = fault_indicators.indicator_code
where problems.indicator_code is null or fault_indicators.indicator_code is null
