-- One row per score month, rule and segment of its curve.
{{ in_force(
    ref('scoring_rules'), ['rule_id'],
    [
        'rule_id', 'segment_no', 'rule_kind', 'basis', 'evidence', 'rule_text',
        'cast(base_share as decimal(8, 4)) as base_share',
        'cast(base_points as decimal(8, 4)) as base_points',
        'cast(lower_value as decimal(18, 6)) as lower_value',
        'cast(upper_value as decimal(18, 6)) as upper_value',
        'cast(slope_share as decimal(8, 4)) as slope_share',
        'cast(slope_points as decimal(8, 4)) as slope_points',
        'valid_from',
    ],
) }}
