-- One row per score month, city, rule whose basis is assumed, indicator and group: how much of the
-- month hangs on a coefficient that no printed figure confirms.
with

assumed as (
    select distinct
        score_month,
        rule_id
    from {{ ref('int_rules_monthly') }}
    where basis = 'assumed'
)

select
    score_month,
    scores.city_code,
    scores.group_code,
    scores.dimension_code,
    scores.indicator_code,
    scores.indicator_name,
    rule_id,
    rules.rule_text,
    cast(count(*) as integer) as unit_count,
    cast(count(*) filter (where scores.obs_status != 'M') as integer) as applicable_unit_count,
    cast(
        sum(case when scores.obs_status = 'M' then 0 else scores.max_points end) as decimal(12, 2)
    ) as points_at_stake,
    cast(sum(scores.points_lost) as decimal(18, 10)) as points_lost
from {{ ref('fct_indicator_scores') }} as scores
inner join assumed using (score_month, rule_id)
inner join {{ ref('dim_rules') }} as rules using (score_month, rule_id)
group by all
{{ in_order(
    'score_month', 'scores.city_code', 'scores.dimension_code', 'scores.indicator_code',
    'scores.group_code',
) }}
