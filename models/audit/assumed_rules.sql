-- One row per score month, city, rule whose basis is assumed, indicator and group: how much of the
-- month hangs on a coefficient that no printed figure confirms.
with

rules as (
    select * from {{ ref('dim_rules') }}
),

assumed as (
    select distinct
        score_month,
        rule_id
    from {{ ref('int_rules_monthly') }}
    where basis = 'assumed'
),

indicator_scores as (
    select * from {{ ref('fct_indicator_scores') }}
),

final as (
    select
        indicator_scores.score_month,
        indicator_scores.city_code,
        indicator_scores.group_code,
        indicator_scores.dimension_code,
        indicator_scores.indicator_code,
        indicator_scores.indicator_name,
        indicator_scores.rule_id,
        rules.rule_text,
        cast(count(*) as integer) as unit_count,
        cast(count(*) filter (where indicator_scores.obs_status != 'M') as integer)
            as applicable_unit_count,
        cast(
            sum(
                case
                    when indicator_scores.obs_status = 'M' then 0
                    else indicator_scores.max_points
                end
            ) as decimal(12, 2)
        ) as points_at_stake,
        cast(sum(indicator_scores.points_lost) as decimal(18, 10)) as points_lost
    from indicator_scores
    inner join assumed
        on
            indicator_scores.score_month = assumed.score_month
            and indicator_scores.rule_id = assumed.rule_id
    inner join rules
        on
            indicator_scores.score_month = rules.score_month
            and indicator_scores.rule_id = rules.rule_id
    group by
        indicator_scores.score_month,
        indicator_scores.city_code,
        indicator_scores.group_code,
        indicator_scores.dimension_code,
        indicator_scores.indicator_code,
        indicator_scores.indicator_name,
        indicator_scores.rule_id,
        rules.rule_text
)

select * from final
order by
    score_month nulls last,
    city_code nulls last,
    dimension_code nulls last,
    indicator_code nulls last,
    group_code nulls last
