-- One row per score month and unit: its average over the months of the year so far in which it was
-- scored, whatever it was called and whichever group it was in, ranked within the group it is in
-- now.
with

composite_scores as (
    select * from {{ ref('fct_composite_scores') }}
),

months as (
    select distinct
        score_month,
        city_code
    from composite_scores
),

month_counts as (
    select
        score_month,
        city_code,
        count(*) over (
            partition by city_code, date_trunc('year', score_month) order by score_month nulls last
        ) as year_month_count
    from months
),

running as (
    select
        *,
        sum(exact_score) over unit_year as year_score_sum,
        count(*) over unit_year as scored_month_count
    from composite_scores
    window unit_year as (
        partition by unit_id, date_trunc('year', score_month) order by score_month nulls last
    )
),

averaged as (
    select
        running.score_month,
        running.city_code,
        running.city_name,
        running.unit_id,
        running.unit_name,
        running.group_code,
        running.group_name,
        cast(running.scored_month_count as integer) as scored_month_count,
        cast(month_counts.year_month_count as integer) as year_month_count,
        {{ divide('running.year_score_sum', 'running.scored_month_count') }} as exact_average
    from running
    inner join month_counts
        on
            running.score_month = month_counts.score_month
            and running.city_code = month_counts.city_code
),

final as (
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
        scored_month_count,
        year_month_count
    from averaged
)

select * from final
order by score_month nulls last, group_code nulls last, average_rank nulls last, unit_id nulls last
