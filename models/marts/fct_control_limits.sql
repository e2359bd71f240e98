-- One row per score month, unit and indicator whose values are known for enough months by one rule:
-- the limits of an XmR chart over these months, this one included, and whether its value, or its
-- step from the month before, lies beyond them. Limits are drawn anew where the rule changes.
with

averaged as (
    select
        runs.*,
        charts.limit_factor,
        charts.range_factor,
        {{ divide('runs.value_sum', 'runs.month_count') }} as centre,
        {{ divide('runs.range_sum', '(runs.month_count - 1)') }} as mean_range
    from {{ ref('int_control_runs') }} as runs
    inner join {{ ref('control_chart') }} as charts
        on runs.month_count >= charts.least_month_count
),

limited as (
    select
        *,
        cast(centre - limit_factor * mean_range as decimal(18, 6)) as lower_limit,
        cast(centre + limit_factor * mean_range as decimal(18, 6)) as upper_limit,
        cast(range_factor * mean_range as decimal(18, 6)) as range_limit
    from averaged
)

select
    score_month,
    scores.city_code,
    unit_id,
    scores.unit_name,
    scores.group_code,
    indicator_code,
    scores.indicator_name,
    limited.month_count,
    scores.obs_value,
    cast(limited.centre as decimal(18, 6)) as centre,
    limited.lower_limit,
    limited.upper_limit,
    limited.moving_range,
    limited.range_limit,
    scores.obs_value < limited.lower_limit
    or scores.obs_value > limited.upper_limit
    or limited.moving_range > limited.range_limit as is_signal
from limited
inner join {{ ref('fct_indicator_scores') }} as scores
    using (score_month, unit_id, indicator_code)
where scores.obs_value is not null
{{ in_order('score_month', 'unit_id', 'indicator_code') }}
