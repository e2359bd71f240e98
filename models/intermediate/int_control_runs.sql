-- One row per score month, unit and indicator that carries points: what a control chart adds up of
-- the months, this one included, of which values are known by one rule. Another rule begins anew.
with

observed as (
    select
        score_month,
        scores.city_code,
        unit_id,
        indicator_code,
        scores.obs_value,
        case when changes.is_same_rule then 0 else 1 end as begins_anew,
        case when scores.obs_value is null then 0 else 1 end as month_count,
        scores.obs_value as value_sum,
        0 as range_sum
    from {{ ref('fct_indicator_scores') }} as scores
    left join {{ ref('int_indicator_changes') }} as changes
        using (score_month, unit_id, indicator_code)
    where {{ is_new('score_month') }}
    {{ newest_kept(
        ['unit_id', 'indicator_code'],
        [
            'score_month', 'city_code', 'unit_id', 'indicator_code', 'last_value', '0',
            'month_count', 'value_sum', 'range_sum',
        ],
    ) }}
),

numbered as (
    select
        *,
        sum(begins_anew) over (
            partition by unit_id, indicator_code order by score_month nulls last
        ) as rule_no
    from observed
),

stepped as (
    select
        *,
        obs_value - {{ last_known('obs_value') }} over (
            partition by unit_id, indicator_code, rule_no order by score_month nulls last
            rows between unbounded preceding and 1 preceding
        ) as step
    from numbered
)

select
    score_month,
    city_code,
    unit_id,
    indicator_code,
    cast({{ last_known('obs_value') }} over months_so_far as decimal(18, 6)) as last_value,
    cast(abs(step) as decimal(18, 6)) as moving_range,
    cast(sum(month_count) over months_so_far as integer) as month_count,
    cast(sum(value_sum) over months_so_far as decimal(24, 6)) as value_sum,
    cast(sum(range_sum + coalesce(abs(step), 0)) over months_so_far as decimal(24, 6)) as range_sum
from stepped
window months_so_far as (
    partition by unit_id, indicator_code, rule_no order by score_month nulls last
)
