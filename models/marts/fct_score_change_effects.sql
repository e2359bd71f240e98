-- One row per score month, unit and cause for which its total differs from that of the month it is
-- compared with; a unit's effects sum to its score change. Values are weighed by the rules of the
-- earlier month, rules by this month's values.
with

indicators as (
    select * from {{ ref('int_indicator_changes') }}
),

dimensions as (
    select
        *,
        coalesce(weight, 0) - coalesce(previous_weight, 0) as weight_change,
        coalesce(adjustment_points, 0) - coalesce(previous_adjustment_points, 0)
            as adjustment_change,
        coalesce(points_lost, 0) - coalesce(previous_points_lost, 0) as loss_change,
        coalesce(score, 0) - coalesce(previous_score, 0) as score_change
    from {{ ref('int_dimension_changes') }}
),

value_effects as (
    select
        *,
        'value' as cause,
        previous_points_lost - points_lost_by_previous_rule as effect
    from indicators
    where points_lost_by_previous_rule is not null
),

rule_effects as (
    select
        *,
        case
            when group_code != previous_group_code then 'group'
            when previous_points_lost is null then 'indicator_new'
            when points_lost is null then 'indicator_dropped'
            else 'rule'
        end as cause,
        coalesce(points_lost_by_previous_rule, previous_points_lost, 0)
        - coalesce(points_lost, 0) as effect
    from indicators
),

weight_effects as (
    select
        *,
        case when group_code != previous_group_code then 'group' else 'weight' end as cause,
        weight_change as effect
    from dimensions
),

adjustment_effects as (
    select
        *,
        'adjustment' as cause,
        adjustment_change as effect
    from dimensions
),

floor_effects as (
    select
        *,
        'dimension_floor' as cause,
        score_change - (weight_change - loss_change + adjustment_change) as effect
    from dimensions
),

effects as (
    {{ union_by_name(
        ['value_effects', 'rule_effects', 'weight_effects', 'adjustment_effects', 'floor_effects'],
        columns=[
            'score_month', 'previous_month', 'unit_id', 'dimension_code', 'indicator_code', 'cause',
            'previous_value', 'obs_value', 'previous_rule_id', 'rule_id', 'effect',
        ],
    ) }}
)

select
    score_month,
    effects.previous_month,
    units.city_code,
    unit_id,
    units.unit_name,
    units.group_code,
    effects.dimension_code,
    dimensions.dimension_name,
    cause,
    causes.cause_name,
    indicator_code,
    indicators.indicator_name,
    effects.previous_value,
    effects.obs_value,
    effects.previous_rule_id,
    effects.rule_id,
    cast(effects.effect as decimal(18, 10)) as effect
from effects
inner join {{ ref('dim_units') }} as units using (score_month, unit_id)
inner join {{ ref('dimensions') }} as dimensions using (dimension_code)
inner join {{ ref('change_causes') }} as causes using (cause)
left join {{ ref('indicators') }} as indicators using (indicator_code)
where effects.effect != 0
{{ in_order('score_month', 'unit_id', 'dimension_code', 'cause', 'indicator_code') }}
