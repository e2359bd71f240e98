-- One row per score month, unit and indicator that carries points: what the rule's curve gives for
-- the observed value. Nothing is scored from input with problems.
-- depends_on: {{ ref('int_input_problems') }}
with

-- Units report the same few values: the curve is applied once to each.
curves as (
    select
        score_month,
        rule_id,
        observed.max_points,
        observed.obs_value,
        observed.obs_status,
        sum({{ segment_points('rules', 'observed.max_points', 'observed.obs_value') }})
            as curve_points
    from (
        select distinct
            score_month,
            group_indicators.rule_id,
            group_indicators.max_points,
            observations.obs_value,
            observations.obs_status
        from {{ ref('fct_observations') }} as observations
        inner join {{ ref('int_group_indicators_monthly') }} as group_indicators
            using (score_month, group_code, indicator_code)
    ) as observed
    inner join {{ ref('int_rules_monthly') }} as rules using (score_month, rule_id)
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
    observations.score_month,
    months.stage,
    observations.city_code,
    observations.city_name,
    observations.unit_id,
    observations.unit_name,
    observations.group_code,
    observations.group_name,
    observations.dimension_code,
    observations.dimension_name,
    observations.indicator_code,
    observations.indicator_name,
    observations.obs_value,
    observations.obs_status,
    scored.max_points,
    scored.points,
    cast(scored.max_points - scored.points as decimal(18, 10)) as points_lost,
    scored.rule_id
from {{ ref('fct_observations') }} as observations
inner join {{ ref('int_group_indicators_monthly') }} as group_indicators
    using (score_month, group_code, indicator_code)
inner join scored
    on
        observations.score_month = scored.score_month
        and observations.obs_status = scored.obs_status
        and observations.obs_value is not distinct from scored.obs_value
        and group_indicators.rule_id = scored.rule_id
        and group_indicators.max_points = scored.max_points
inner join {{ ref('int_score_months') }} as months
    on observations.score_month = months.score_month
{{ in_order(
    'observations.score_month', 'observations.unit_id', 'observations.dimension_code',
    'observations.indicator_code',
) }}
