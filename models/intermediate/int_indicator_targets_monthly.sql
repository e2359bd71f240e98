-- One row per score month, group and indicator for which a target is in force.
{{ in_force(
    ref('indicator_targets'), ['group_code', 'indicator_code'],
    [
        'group_code', 'indicator_code', 'target_kind',
        'cast(target_value as decimal(18, 6)) as target_value',
    ],
) }}
