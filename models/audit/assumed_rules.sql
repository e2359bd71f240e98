-- One row per score month, rule whose basis is assumed, indicator and group: how much of the
-- month hangs on a coefficient that no printed figure confirms.
with

assumed as (
    select distinct
        score_month,
        rule_id
    from {{ ref('int_rules_monthly') }}
    where basis = 'assumed'
),

rule_texts as (
    select
        score_month,
        rule_id,
        string_agg(rule_text, '；' order by segment_no) as rule_text
    from {{ ref('int_rules_monthly') }}
    group by score_month, rule_id
),

indicator_scores as (
    select * from {{ ref('fct_indicator_scores') }}
),

indicators as (
    select * from {{ ref('indicators') }}
),

final as (
    select
        indicator_scores.score_month,
        indicator_scores.group_code,
        indicator_scores.dimension_code,
        indicator_scores.indicator_code,
        indicators.indicator_name,
        indicator_scores.rule_id,
        rule_texts.rule_text,
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
    inner join rule_texts
        on
            indicator_scores.score_month = rule_texts.score_month
            and indicator_scores.rule_id = rule_texts.rule_id
    inner join indicators on indicator_scores.indicator_code = indicators.indicator_code
    group by
        indicator_scores.score_month,
        indicator_scores.group_code,
        indicator_scores.dimension_code,
        indicator_scores.indicator_code,
        indicators.indicator_name,
        indicator_scores.rule_id,
        rule_texts.rule_text
)

select * from final
order by
    score_month nulls last,
    dimension_code nulls last,
    indicator_code nulls last,
    group_code nulls last
