-- One row per month, unit and measure that the month built before has as well: how much it changed,
-- and the most that is plausible (seeds/reference/plausibility_limits.csv).
with

measures as (
    select
        score_month,
        unit_id,
        group_code,
        'composite_score_change' as measure_code,
        'composite_score' as column_name,
        '综合得分' as column_title,
        composite_score as figure
    from marts.fct_composite_scores
    union all
    select
        score_month,
        unit_id,
        group_code,
        'score_rank_change' as measure_code,
        'score_rank' as column_name,
        '位次' as column_title,
        score_rank as figure
    from marts.fct_composite_scores
    union all
    select
        score_month,
        observations.unit_id,
        null as group_code,
        'percent_change' as measure_code,
        indicator_code as column_name,
        observations.indicator_name as column_title,
        observations.obs_value as figure
    from marts.fct_observations as observations
    inner join marts.dim_indicators as indicators using (score_month, indicator_code)
    where indicators.value_type = 'percent'
)

select
    measures.score_month,
    units.city_code,
    '与 ' || strftime(earlier_months.earlier_month, '%Y-%m') || ' 相比' as place,
    units.unit_name,
    measures.column_name,
    measures.column_title,
    abs(measures.figure - earlier.figure) as figure_change,
    limits.limit_value
from measures
inner join marts.dim_units as units using (score_month, unit_id)
inner join earlier_months using (score_month, city_code)
inner join intermediate.int_plausibility_limits_monthly as limits using (score_month, measure_code)
inner join measures as earlier
    on
        earlier_months.earlier_month = earlier.score_month
        and measures.unit_id = earlier.unit_id
        and measures.group_code is not distinct from earlier.group_code
        and measures.column_name = earlier.column_name
