-- One row per score month, unit and indicator whose values are known for enough months by one rule:
-- the limits of an XmR chart over these months, this one included, and whether its value, or its
-- step from the month before, lies beyond them. Limits are drawn anew where the rule changes.
with

observed as (
    select
        scores.score_month,
        scores.city_code,
        scores.unit_id,
        scores.unit_name,
        scores.group_code,
        scores.indicator_code,
        scores.indicator_name,
        scores.obs_value,
        sum(case when changes.is_same_rule then 0 else 1 end) over (
            partition by scores.unit_id, scores.indicator_code
            order by scores.score_month nulls last
        ) as rule_version
    from {{ ref('fct_indicator_scores') }} as scores
    left join {{ ref('int_indicator_changes') }} as changes
        using (score_month, unit_id, indicator_code)
),

stepped as (
    select
        *,
        obs_value - lag(obs_value) over (
            partition by unit_id, indicator_code, rule_version order by score_month nulls last
        ) as step
    from observed
    where obs_value is not null
),

running as (
    select
        *,
        abs(step) as moving_range,
        count(*) over months_so_far as month_count,
        sum(obs_value) over months_so_far as value_sum,
        sum(abs(step)) over months_so_far as range_sum
    from stepped
    window months_so_far as (
        partition by unit_id, indicator_code, rule_version order by score_month nulls last
    )
),

averaged as (
    select
        running.*,
        charts.limit_factor,
        charts.range_factor,
        {{ divide('running.value_sum', 'running.month_count') }} as centre,
        {{ divide('running.range_sum', '(running.month_count - 1)') }} as mean_range
    from running
    inner join {{ ref('control_chart') }} as charts
        on running.month_count >= charts.least_month_count
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
    city_code,
    unit_id,
    unit_name,
    group_code,
    indicator_code,
    indicator_name,
    cast(month_count as integer) as month_count,
    obs_value,
    cast(centre as decimal(18, 6)) as centre,
    lower_limit,
    upper_limit,
    cast(moving_range as decimal(18, 6)) as moving_range,
    range_limit,
    obs_value < lower_limit or obs_value > upper_limit or moving_range > range_limit as is_signal
from limited
{{ in_order('score_month', 'unit_id', 'indicator_code') }}
