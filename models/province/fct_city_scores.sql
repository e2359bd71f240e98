-- One row per score month, city and group: the average total of its units, and its place among the
-- cities, which equal averages share.
with

averages as (
    select
        score_month,
        city_code,
        city_name,
        group_code,
        group_name,
        count(*) as unit_count,
        {{ divide('sum(exact_score)', 'count(*)') }} as exact_average
    from {{ ref('fct_composite_scores') }}
    group by all
)

select
    score_month,
    city_code,
    city_name,
    group_code,
    group_name,
    cast(unit_count as integer) as unit_count,
    exact_average,
    {{ published('exact_average') }} as average_score,
    cast(
        rank() over (partition by score_month, group_code order by exact_average desc nulls last)
        as integer
    ) as city_rank
from averages
