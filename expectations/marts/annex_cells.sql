-- One row per printed cell of the annexes, the unit's name apart: beside it the fact that it stands
-- for, the range of an indicator, the most that a unit can reach of a score.
with

facts as (
    select
        score_month,
        unit_id,
        column_name,
        figure
    from fact_scores
    union all by name
    select
        score_month,
        unit_id,
        indicator_code as column_name,
        obs_value as figure,
        obs_text as fact_text
    from marts.fct_observations
    union all by name
    select
        score_month,
        unit_id,
        'group_name' as column_name,
        group_name as fact_text
    from marts.dim_units
)

select
    score_month,
    city_code,
    printed.place,
    printed.unit_name,
    column_name,
    printed.column_title,
    printed.cell_value,
    as_printed(facts.figure, printed.cell_value, printed.half_place) as fact_value,
    case when printed.cell_value is null then printed.cell_text end as cell_text,
    facts.fact_text,
    indicators.valid_min,
    indicators.valid_max,
    score_columns.most,
    score_columns.most - printed.cell_value as lost
from printed_figures as printed
left join facts using (score_month, unit_id, column_name)
left join score_columns using (score_month, city_code, group_code, column_name)
left join marts.dim_indicators as indicators
    on
        printed.score_month = indicators.score_month
        and printed.column_name = indicators.indicator_code
where column_name != 'sequence_no'
