-- A scored indicator is a number with a rule in force and points to earn; one without points has
-- neither.
select
    score_month,
    group_indicators.group_code,
    group_indicators.indicator_code,
    rule_id,
    group_indicators.max_points
from {{ ref('int_group_indicators_monthly') }} as group_indicators
left join {{ ref('int_rules_monthly') }} as rules using (score_month, rule_id)
where
    (group_indicators.rule_id is null) != (group_indicators.max_points is null)
    or (group_indicators.rule_id is not null and rules.rule_id is null)
    or (group_indicators.rule_id is not null and group_indicators.value_type = 'text')
    or group_indicators.max_points < 0
