-- A rule is what its kind says: a threshold is full marks at its end, a rate of 100 earns the
-- maximum, and so on. A rule may be in force that no group uses.
with

uses as (
    select
        score_month,
        rule_id,
        max(max_points) as max_points
    from {{ ref('int_group_indicators_monthly') }}
    group by score_month, rule_id
),

rules as (
    select
        rules.*,
        rules.upper_value - rules.lower_value as width,
        uses.max_points
    from {{ ref('int_rules_monthly') }} as rules
    left join uses using (score_month, rule_id)
)

select
    score_month,
    rule_id,
    segment_no,
    rule_kind,
    base_share,
    base_points,
    slope_share,
    slope_points,
    width,
    max_points
from rules
where
    not coalesce(
        case rule_kind
            when 'per_case_deduction'
                then base_share = 1 and base_points = 0 and slope_share = 0 and slope_points < 0
            when 'pool_deduction'
                then
                    base_share = 0 and base_points = 0 and slope_share = 0 and slope_points < 0
                    and coalesce(max_points, 0) = 0
            when 'proportional'
                then
                    base_share = 0 and base_points = 0 and slope_points = 0
                    and slope_share * width = 1
            when 'threshold_shortfall'
                then
                    base_share = 1 and slope_share = 0
                    and slope_points > 0
                    and base_points + slope_points * width = 0
            when 'tiered'
                then base_share = 0 and base_points = 0 and slope_share = 0 and slope_points > 0
            when 'as_reported'
                then base_share = 0 and base_points = 0 and slope_share = 0 and slope_points = 1
            when 'no_effect'
                then base_share = 1 and base_points = 0 and slope_share = 0 and slope_points = 0
        end,
        false
    )
