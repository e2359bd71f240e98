-- One row per score month and unit: its total and rank against the latest earlier month in which
-- it was scored. Ranks are compared only within one group; a unit's first month has nothing to
-- compare with.
with

paired as (
    select
        *,
        lag(score_month) over unit_months as previous_month,
        lag(group_code) over unit_months as previous_group_code,
        lag(exact_score) over unit_months as previous_score,
        lag(score_rank) over unit_months as previous_rank
    from {{ ref('fct_composite_scores') }}
    window unit_months as (partition by unit_id order by score_month nulls last)
)

select
    score_month,
    city_code,
    city_name,
    unit_id,
    unit_name,
    group_code,
    group_name,
    exact_score,
    score_rank,
    previous_group_code,
    cast(previous_score as decimal(18, 10)) as previous_score,
    cast(exact_score - previous_score as decimal(18, 10)) as score_change,
    case when previous_group_code = group_code then previous_rank end as previous_rank,
    case when previous_group_code = group_code then previous_rank - score_rank end as places_gained,
    previous_month,
    coalesce(previous_month = score_month - interval 1 month, false) as is_consecutive
from paired
order by score_month nulls last, unit_id nulls last
