-- One row per score month, group and indicator that the group reports; rule_id and max_points are
-- NULL where the indicator is shown only and carries no points.
with

group_indicators as (
    {{ in_force(
        ref('group_indicators'), ['group_code', 'indicator_code'],
        ['group_code', 'indicator_code', 'rule_id', 'max_points'],
    ) }}
),

indicators as (
    select * from {{ ref('indicators') }}
),

final as (
    select
        group_indicators.group_code,
        indicators.dimension_code,
        indicators.indicator_code,
        group_indicators.rule_id,
        indicators.value_type,
        group_indicators.max_points,
        indicators.valid_min,
        indicators.valid_max,
        indicators.is_required,
        group_indicators.score_month
    from group_indicators
    inner join indicators on group_indicators.indicator_code = indicators.indicator_code
)

select * from final
