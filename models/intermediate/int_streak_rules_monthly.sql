-- One row per score month and rule for streaks in force.
{{ in_force(
    ref('streak_rules'), ['streak_rule_id'],
    [
        'streak_rule_id', 'condition_kind', 'least_month_count',
        'cast(threshold as decimal(9, 2)) as threshold',
        'measure', 'document_code', 'exemption', 'reason', 'basis', 'evidence',
    ],
) }}
