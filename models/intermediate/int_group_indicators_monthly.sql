-- One row per score month, group and indicator that the group reports; rule_id and max_points
-- are NULL where the indicator is shown only and carries no points.
with

group_indicators as (
    {{ in_force(
        ref('group_indicators'), ['group_code', 'indicator_code'],
        [
            'group_code', 'indicator_code', 'rule_id',
            'cast(max_points as decimal(6, 2)) as max_points',
        ],
    ) }}
)

select
    group_indicators.group_code,
    indicators.dimension_code,
    indicator_code,
    group_indicators.rule_id,
    indicators.value_type,
    group_indicators.max_points,
    cast(indicators.valid_min as decimal(18, 6)) as valid_min,
    cast(indicators.valid_max as decimal(18, 6)) as valid_max,
    indicators.is_required,
    group_indicators.score_month
from group_indicators
inner join {{ ref('indicators') }} as indicators using (indicator_code)
