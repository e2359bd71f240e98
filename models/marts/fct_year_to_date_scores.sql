-- One row per score month and unit: its average over the months of the year so far in which it was
-- scored, whatever it was called and whichever group it was in, ranked within the group it is in
-- now.
with

running as (
    select
        *,
        sum(exact_score) over unit_year as year_score_sum,
        count(*) over unit_year as scored_month_count,
        count(distinct score_month) over city_year as year_month_count
    from {{ ref('fct_composite_scores') }}
    window
        unit_year as (
            partition by unit_id, date_trunc('year', score_month) order by score_month nulls last
        ),
        city_year as (
            partition by city_code, date_trunc('year', score_month) order by score_month nulls last
        )
),

averaged as (
    select
        *,
        {{ divide('year_score_sum', 'scored_month_count') }} as exact_average
    from running
)

select
    score_month,
    city_code,
    city_name,
    unit_id,
    unit_name,
    group_code,
    group_name,
    exact_average,
    {{ published('exact_average') }} as average_score,
    cast(
        rank() over (
            partition by score_month, city_code, group_code
            order by exact_average desc nulls last
        ) as integer
    ) as average_rank,
    cast(scored_month_count as integer) as scored_month_count,
    cast(year_month_count as integer) as year_month_count
from averaged
order by score_month nulls last, group_code nulls last, average_rank nulls last, unit_id nulls last
