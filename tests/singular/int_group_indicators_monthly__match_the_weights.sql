-- Every weighted dimension of a group has scored indicators and the reverse, and the most
-- points that they can earn do not exceed the weight, in every city that has units of the group.
with

city_groups as (
    select distinct
        score_month,
        city_code,
        group_code
    from {{ ref('int_units_monthly') }}
),

weights as (
    select monthly.*
    from {{ ref('int_dimension_weights_monthly') }} as monthly
    semi join city_groups using (score_month, city_code, group_code)
),

max_points as (
    select
        score_month,
        city_groups.city_code,
        group_code,
        group_indicators.dimension_code,
        sum(group_indicators.max_points) as max_points
    from {{ ref('int_group_indicators_monthly') }} as group_indicators
    inner join city_groups using (score_month, group_code)
    where group_indicators.rule_id is not null
    group by score_month, city_groups.city_code, group_code, group_indicators.dimension_code
)

select
    score_month,
    city_code,
    group_code,
    dimension_code,
    weights.weight,
    max_points.max_points
from weights
full join max_points using (score_month, city_code, group_code, dimension_code)
where coalesce(max_points.max_points > weights.weight, true)
