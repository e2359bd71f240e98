-- One row per score month and unit: its average over the months of the year so far in which it was
-- scored, whatever it was called and whichever group it was in, ranked within the group it is in
-- now. A draft is never counted in the average of a final month.
with

scores as (
    select
        *,
        stage = 'final' as is_final
    from {{ ref('fct_composite_scores') }}
),

months as (
    select
        score_month,
        city_code,
        case
            when is_final then count(case when is_final then 1 end) over city_year
            else count(*) over city_year
        end as year_month_count
    from (
        select distinct
            score_month,
            city_code,
            is_final
        from scores
    ) as city_months
    window city_year as (
        partition by city_code, date_trunc('year', score_month) order by score_month nulls last
    )
),

running as (
    select
        *,
        case
            when is_final then sum(case when is_final then exact_score end) over unit_year
            else sum(exact_score) over unit_year
        end as year_score_sum,
        case
            when is_final then count(case when is_final then 1 end) over unit_year
            else count(*) over unit_year
        end as scored_month_count
    from scores
    window unit_year as (
        partition by unit_id, date_trunc('year', score_month) order by score_month nulls last
    )
),

averaged as (
    select
        running.*,
        months.year_month_count,
        {{ divide('running.year_score_sum', 'running.scored_month_count') }} as exact_average
    from running
    inner join months using (score_month, city_code)
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
{{ in_order('score_month', 'group_code', 'average_rank', 'unit_id') }}
