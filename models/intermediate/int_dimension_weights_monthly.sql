-- One row per score month, city, group and dimension that the group is assessed in. A city without
-- a row of its own has the one that names no city.
with

weights as (
    {{ in_force(
        ref('dimension_weights'), ['city_code', 'group_code', 'dimension_code'],
        ['city_code', 'group_code', 'dimension_code', 'cast(weight as decimal(6, 2)) as weight'],
    ) }}
)

-- By `is null`: DuckDB 1.5.6 takes any row for the first one by a key that may be NULL.
select
    cities.city_code,
    weights.group_code,
    weights.dimension_code,
    weights.weight,
    score_month
from (
    select distinct
        score_month,
        city_code
    from {{ ref('int_units_monthly') }}
) as cities
inner join weights using (score_month)
where cities.city_code = coalesce(weights.city_code, cities.city_code)
qualify row_number() over (
    partition by score_month, cities.city_code, weights.group_code, weights.dimension_code
    order by weights.city_code is null
) = 1
