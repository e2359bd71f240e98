-- One row per score month, unit and indicator that carries points. The one place where a curve
-- is applied: base + sum over its segments of slope * (clip(value, lower, upper) - lower), kept
-- between 0 and the maximum. A maximum of 0 marks an indicator that only loses points from its
-- dimension's pool, so its points have no floor of their own. Nothing is scored from input with
-- problems: depends on {{ ref('input_problems') }}.
with

observations as (
    select * from {{ ref('fct_observations') }}
),

group_indicators as (
    select * from {{ ref('int_group_indicators_monthly') }}
    where rule_id is not null
),

rules as (
    select * from {{ ref('int_rules_monthly') }}
),

curves as (
    select
        observations.score_month,
        observations.city_code,
        observations.unit_id,
        observations.unit_name,
        observations.group_code,
        observations.dimension_code,
        observations.indicator_code,
        observations.obs_value,
        observations.obs_status,
        group_indicators.max_points,
        group_indicators.rule_id,
        sum(
            group_indicators.max_points * rules.base_share
            + rules.base_points
            + (group_indicators.max_points * rules.slope_share + rules.slope_points)
            * (
                greatest(
                    rules.lower_value,
                    least(
                        observations.obs_value, coalesce(rules.upper_value, observations.obs_value)
                    )
                )
                - rules.lower_value
            )
        ) as curve_points
    from observations
    inner join group_indicators
        on
            observations.score_month = group_indicators.score_month
            and observations.group_code = group_indicators.group_code
            and observations.indicator_code = group_indicators.indicator_code
    inner join rules
        on
            group_indicators.score_month = rules.score_month
            and group_indicators.rule_id = rules.rule_id
    group by
        observations.score_month,
        observations.city_code,
        observations.unit_id,
        observations.unit_name,
        observations.group_code,
        observations.dimension_code,
        observations.indicator_code,
        observations.obs_value,
        observations.obs_status,
        group_indicators.max_points,
        group_indicators.rule_id
),

scored as (
    select
        *,
        cast(
            case
                when obs_status = 'M' then max_points
                when obs_status = 'L' then null
                when max_points = 0 then least(curve_points, max_points)
                else least(greatest(curve_points, 0), max_points)
            end as decimal(18, 10)
        ) as points
    from curves
),

final as (
    select
        score_month,
        city_code,
        unit_id,
        unit_name,
        group_code,
        dimension_code,
        indicator_code,
        obs_value,
        obs_status,
        max_points,
        points,
        cast(max_points - points as decimal(18, 10)) as points_lost,
        rule_id
    from scored
)

select * from final
order by
    score_month nulls last,
    unit_id nulls last,
    dimension_code nulls last,
    indicator_code nulls last
