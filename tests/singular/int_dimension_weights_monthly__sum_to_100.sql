-- The weights of every group with units sum to 100 in every month of every city.
select
    score_month,
    city_code,
    group_code,
    sum(weights.weight) as weight_sum,
    100 as expected
from (
    select distinct
        score_month,
        city_code,
        group_code
    from {{ ref('int_units_monthly') }}
) as units
left join {{ ref('int_dimension_weights_monthly') }} as weights
    using (score_month, city_code, group_code)
group by score_month, city_code, group_code
having coalesce(sum(weights.weight), 0) != 100
