-- One row per score month and indicator: how its bulletin speaks of the faults.
{{ in_force(
    ref('bulletin_problems'), ['indicator_code'],
    [
        'indicator_code', 'problem_name', 'count_unit', 'metric_code', 'office_metric_code',
        'heading', 'background', 'demand',
    ],
) }}
