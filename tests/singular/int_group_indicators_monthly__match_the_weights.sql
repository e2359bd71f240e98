-- Every weighted dimension of a group has scored indicators and the reverse, and the most
-- points that they can earn do not exceed the weight.
with

max_points as (
    select
        score_month,
        group_code,
        dimension_code,
        sum(max_points) as max_points
    from {{ ref('int_group_indicators_monthly') }}
    where rule_id is not null
    group by score_month, group_code, dimension_code
)

select
    score_month,
    group_code,
    dimension_code,
    weights.weight,
    max_points.max_points
from {{ ref('int_dimension_weights_monthly') }} as weights
full join max_points using (score_month, group_code, dimension_code)
where coalesce(max_points.max_points > weights.weight, true)
