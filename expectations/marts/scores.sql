-- One row per score and rank of the facts, with the most that it can be: of an indicator and a
-- dimension what the rules of the month say, of a total the sum of the weights, of a rank the size
-- of the group, of a count of months those that there were.
with

units as (
    select
        *,
        count(*) over (partition by score_month, city_code, group_code) as group_size
    from marts.dim_units
),

scores as (
    select * from fact_scores
    union all by name
    select
        score_month,
        unit_id,
        'fct_year_to_date_scores' as place,
        'composite_score' as column_name,
        exact_average as figure
    from marts.fct_year_to_date_scores
)

select
    score_month,
    city_code,
    scores.place,
    units.unit_name,
    column_name,
    score_columns.column_title,
    scores.figure,
    scores.fact_most,
    score_columns.most,
    score_columns.most - scores.figure as lost
from scores
inner join units using (score_month, unit_id)
inner join score_columns using (score_month, city_code, group_code, column_name)
union all by name
-- A maximum of 0 marks an indicator that only takes from its dimension's pool.
select
    score_month,
    scores.city_code,
    'fct_indicator_scores' as place,
    scores.unit_name,
    indicator_code as column_name,
    scores.indicator_name as column_title,
    scores.points as figure,
    scores.max_points as fact_most,
    group_indicators.max_points as most,
    case when scores.max_points > 0 then scores.max_points - scores.points end as lost,
    case when scores.obs_status = 'M' then scores.points end as full_points
from marts.fct_indicator_scores as scores
inner join intermediate.int_group_indicators_monthly as group_indicators
    using (score_month, group_code, indicator_code)
union all by name
select
    score_month,
    scores.city_code,
    'fct_composite_scores' as place,
    scores.unit_name,
    'score_rank' as column_name,
    '名次' as column_title,
    greatest(scores.score_rank, scores.sequence_no) as figure,
    units.group_size as most
from marts.fct_composite_scores as scores
inner join units using (score_month, unit_id)
union all by name
select
    score_month,
    city_code,
    'fct_year_to_date_scores' as place,
    unit_name,
    'scored_month_count' as column_name,
    '计入平均的月数' as column_title,
    scored_month_count as figure,
    year_month_count as most
from marts.fct_year_to_date_scores
