-- One row per score month and unit with an earlier month to compare with: what its total and rank
-- would be by that month's rules, weights and maxima. An indicator that is no longer assessed
-- counts as it did then. Units that were in another group have none, and are not ranked.
with

indicators as (
    select * from {{ ref('int_indicator_changes') }}
),

losses as (
    select
        score_month,
        previous_month,
        unit_id,
        dimension_code,
        sum(coalesce(points_lost_by_previous_rule, previous_points_lost)) as points_lost
    from indicators
    where previous_points_lost is not null
    group by all
),

dimensions as (
    select
        losses.score_month,
        losses.unit_id,
        case when scores.weight = previous.weight then 0 else 1 end as changed_weight,
        cast(
            greatest(
                0,
                previous.weight - losses.points_lost + coalesce(scores.adjustment_points, 0)
            ) as decimal(18, 10)
        ) as score
    from losses
    inner join {{ ref('fct_dimension_scores') }} as previous
        on
            losses.previous_month = previous.score_month
            and losses.unit_id = previous.unit_id
            and losses.dimension_code = previous.dimension_code
    left join {{ ref('fct_dimension_scores') }} as scores
        on
            losses.score_month = scores.score_month
            and losses.unit_id = scores.unit_id
            and losses.dimension_code = scores.dimension_code
),

totals as (
    select
        score_month,
        unit_id,
        sum(changed_weight) as changed_weights,
        sum(score) as score
    from dimensions
    group by score_month, unit_id
),

changed as (
    select
        score_month,
        unit_id,
        count(*) as changed_rules
    from indicators
    where not is_same_rule
    group by score_month, unit_id
),

scored as (
    select
        changes.*,
        changes.group_code = changes.previous_group_code as is_same_group,
        case when changes.group_code = changes.previous_group_code then totals.score end
            as score_by_previous_rules,
        totals.changed_weights + coalesce(changed.changed_rules, 0) as changed_count
    from {{ ref('fct_monthly_changes') }} as changes
    inner join totals using (score_month, unit_id)
    left join changed using (score_month, unit_id)
)

select
    score_month,
    previous_month,
    city_code,
    unit_id,
    unit_name,
    group_code,
    exact_score,
    cast(score_by_previous_rules as decimal(18, 10)) as score_by_previous_rules,
    score_rank,
    case
        when is_same_group
            then cast(
                rank() over (
                    partition by score_month, city_code, group_code, is_same_group
                    order by score_by_previous_rules desc nulls last
                ) as integer
            )
    end as rank_by_previous_rules,
    previous_rank,
    is_same_group
    and sum(changed_count) over (
        partition by score_month, city_code, group_code, is_same_group
    ) = 0 as is_comparable
from scored
{{ in_order('score_month', 'unit_id') }}
