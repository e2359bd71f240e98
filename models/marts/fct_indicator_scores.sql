-- One row per score month, unit and indicator that carries points: what the rule's curve gives for
-- the observed value. Nothing is scored from input with problems.
-- depends_on: {{ ref('int_input_problems') }}
with

curves as (
    select
        observations.*,
        months.stage,
        group_indicators.max_points,
        rule_id,
        sum({{ segment_points('rules', 'group_indicators.max_points', 'observations.obs_value') }})
            as curve_points
    from {{ ref('fct_observations') }} as observations
    inner join {{ ref('int_group_indicators_monthly') }} as group_indicators
        using (score_month, group_code, indicator_code)
    inner join {{ ref('int_rules_monthly') }} as rules using (score_month, rule_id)
    inner join {{ ref('int_score_months') }} as months using (score_month)
    group by all
),

kept as (
    select
        *,
        {{ kept_points('obs_status', 'curve_points', 'max_points') }} as kept_points
    from curves
),

scored as (
    select
        *,
        {{ ten_places('kept_points') }} as points
    from kept
)

select
    score_month,
    stage,
    city_code,
    city_name,
    unit_id,
    unit_name,
    group_code,
    group_name,
    dimension_code,
    dimension_name,
    indicator_code,
    indicator_name,
    obs_value,
    obs_status,
    max_points,
    points,
    cast(max_points - points as decimal(18, 10)) as points_lost,
    rule_id
from scored
{{ in_order('score_month', 'unit_id', 'dimension_code', 'indicator_code') }}
