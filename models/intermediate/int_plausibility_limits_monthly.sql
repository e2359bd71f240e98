-- One row per score month and kind of change that is looked at: the most that is plausible.
{{ in_force(
    ref('plausibility_limits'), ['measure_code'], ['measure_code', 'limit_value', 'reason'],
) }}
