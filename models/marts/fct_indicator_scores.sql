-- One row per score month, unit and indicator that carries points: what the rule's curve gives for
-- the observed value. Nothing is scored from input with problems.
-- depends_on: {{ ref('int_input_problems') }}
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
        observations.unit_id,
        observations.indicator_code,
        group_indicators.max_points,
        group_indicators.rule_id,
        sum({{ segment_points('rules', 'group_indicators.max_points', 'observations.obs_value') }})
            as curve_points
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
        observations.unit_id,
        observations.indicator_code,
        group_indicators.max_points,
        group_indicators.rule_id
),

scored as (
    select
        observations.*,
        curves.max_points,
        curves.rule_id,
        cast(
            case
                when observations.obs_status = 'M' then curves.max_points
                when observations.obs_status = 'L' then null
                else {{ kept_in_range('curves.curve_points', 'curves.max_points') }}
            end as decimal(18, 10)
        ) as points
    from observations
    inner join curves
        on
            observations.score_month = curves.score_month
            and observations.unit_id = curves.unit_id
            and observations.indicator_code = curves.indicator_code
),

final as (
    select
        score_month,
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
)

select * from final
order by
    score_month nulls last,
    unit_id nulls last,
    dimension_code nulls last,
    indicator_code nulls last
