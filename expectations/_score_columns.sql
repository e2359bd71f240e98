-- One row per month, city, group and score: its column and title, the most that a unit can reach.
create temp view score_columns as
select
    weights.score_month,
    weights.city_code,
    weights.group_code,
    dimension_code,
    dimension_code || '_score' as column_name,
    dimensions.dimension_name || '得分' as column_title,
    weights.weight as most
from intermediate.int_dimension_weights_monthly as weights
inner join reference.dimensions as dimensions using (dimension_code)
union all
select
    score_month,
    city_code,
    group_code,
    null as dimension_code,
    'composite_score' as column_name,
    '综合得分' as column_title,
    sum(weight) as most
from intermediate.int_dimension_weights_monthly
group by score_month, city_code, group_code
