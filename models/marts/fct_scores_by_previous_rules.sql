-- One row per score month and unit with an earlier month to compare with: what its total and rank
-- would be by that month's rules, weights and maxima. An indicator that is no longer assessed
-- counts as it did then. Units that were in another group have none, and are not ranked.
with

totals as (
    select
        score_month,
        unit_id,
        count(case when weight is distinct from previous_weight then 1 end) as changed_weights,
        sum(
            greatest(
                0,
                previous_weight - points_lost_by_previous_rule + coalesce(adjustment_points, 0)
            )
        ) as score
    from {{ ref('int_dimension_changes') }}
    where previous_weight is not null
    group by score_month, unit_id
),

changed as (
    select
        score_month,
        unit_id,
        count(*) as changed_rules
    from {{ ref('int_indicator_changes') }}
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
