-- A rule is what its kind says: a threshold is full marks at its end, a rate of 100 earns the
-- maximum, and so on.
with

rules as (
    select
        score_month,
        rule_id,
        segment_no,
        rule_kind,
        base_share,
        base_points,
        slope_share,
        slope_points,
        upper_value - lower_value as width
    from {{ ref('int_rules_monthly') }}
),

pool_rules as (
    select
        score_month,
        rule_id,
        max(max_points) as max_points
    from {{ ref('int_group_indicators_monthly') }}
    where rule_id is not null
    group by score_month, rule_id
)

select
    rules.*,
    pool_rules.max_points
from rules
left join pool_rules
    on
        rules.score_month = pool_rules.score_month
        and rules.rule_id = pool_rules.rule_id
where
    not coalesce(
        case rules.rule_kind
            when 'per_case_deduction'
                then
                    rules.base_share = 1
                    and rules.base_points = 0
                    and rules.slope_share = 0
                    and rules.slope_points < 0
            when 'pool_deduction'
                then
                    rules.base_share = 0
                    and rules.base_points = 0
                    and rules.slope_share = 0
                    and rules.slope_points < 0
                    and pool_rules.max_points = 0
            when 'proportional'
                then
                    rules.base_share = 0
                    and rules.base_points = 0
                    and rules.slope_points = 0
                    and rules.slope_share * rules.width = 1
            when 'threshold_shortfall'
                then
                    rules.base_share = 1
                    and rules.slope_share = 0
                    and rules.slope_points > 0
                    and rules.base_points + rules.slope_points * rules.width = 0
            when 'tiered'
                then
                    rules.base_share = 0
                    and rules.base_points = 0
                    and rules.slope_share = 0
                    and rules.slope_points > 0
            when 'as_reported'
                then
                    rules.base_share = 0
                    and rules.base_points = 0
                    and rules.slope_share = 0
                    and rules.slope_points = 1
            when 'no_effect'
                then
                    rules.base_share = 1
                    and rules.base_points = 0
                    and rules.slope_share = 0
                    and rules.slope_points = 0
        end,
        false
    )
