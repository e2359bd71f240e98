-- One row per score month and unit: its total and rank against the latest earlier month in which
-- it was scored; a final month is never compared with a draft. Ranks are compared only within one
-- group; a unit's first month has nothing to compare with.
with

scores as (
    select
        *,
        case
            when stage = 'final'
                then max(case when stage = 'final' then score_month end) over earlier_months
            else max(score_month) over earlier_months
        end as previous_month
    from {{ ref('fct_composite_scores') }}
    window earlier_months as (
        partition by unit_id
        order by score_month nulls last
        rows between unbounded preceding and 1 preceding
    )
)

select
    scores.score_month,
    scores.city_code,
    scores.city_name,
    scores.unit_id,
    scores.unit_name,
    scores.group_code,
    scores.group_name,
    scores.exact_score,
    scores.score_rank,
    previous.group_code as previous_group_code,
    previous.exact_score as previous_score,
    cast(scores.exact_score - previous.exact_score as decimal(18, 10)) as score_change,
    case when previous.group_code = scores.group_code then previous.score_rank end
        as previous_rank,
    case
        when previous.group_code = scores.group_code
            then previous.score_rank - scores.score_rank
    end as places_gained,
    scores.previous_month,
    coalesce(scores.previous_month = scores.score_month - interval 1 month, false)
        as is_consecutive
from scores
left join {{ ref('fct_composite_scores') }} as previous
    on scores.unit_id = previous.unit_id and scores.previous_month = previous.score_month
{{ in_order('scores.score_month', 'scores.unit_id') }}
