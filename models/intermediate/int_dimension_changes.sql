-- One row per score month, unit that was scored in an earlier one, and dimension in which it is
-- assessed in either: weight, adjustments, losses and score then and now.
with

losses as (
    select
        score_month,
        previous_month,
        unit_id,
        group_code,
        previous_group_code,
        dimension_code,
        cast(sum(previous_points_lost) as decimal(18, 10)) as previous_points_lost,
        cast(
            sum(
                case
                    when previous_points_lost is not null
                        then coalesce(points_lost_by_previous_rule, previous_points_lost)
                end
            ) as decimal(18, 10)
        ) as points_lost_by_previous_rule,
        cast(sum(points_lost) as decimal(18, 10)) as points_lost
    from {{ ref('int_indicator_changes') }}
    group by all
)

select
    losses.*,
    previous.weight as previous_weight,
    scores.weight,
    previous.adjustment_points as previous_adjustment_points,
    scores.adjustment_points,
    previous.score as previous_score,
    scores.score
from losses
left join {{ ref('fct_dimension_scores') }} as previous
    on
        losses.previous_month = previous.score_month
        and losses.unit_id = previous.unit_id
        and losses.dimension_code = previous.dimension_code
left join {{ ref('fct_dimension_scores') }} as scores
    on
        losses.score_month = scores.score_month
        and losses.unit_id = scores.unit_id
        and losses.dimension_code = scores.dimension_code
