-- One row per printed cell of the annexes, the unit's name apart: beside it the fact that it stands
-- for, the range of an indicator, the most that a unit can reach of a score.
with

printed as (
    select
        *,
        try_cast(cell_text as decimal(18, 6)) as cell_value
    from printed_cells
),

annex_columns as (
    select
        *,
        cast('0.' || repeat('0', decimals) || '5' as decimal(18, 10)) as half_place
    from intermediate.int_annex_columns_monthly
),

units as (
    select * from marts.dim_units
),

-- Only a list by score of one group has its numbers among the facts.
ranked_annexes as (
    select * from intermediate.int_annexes_monthly
    where row_order = 'score' and not contains(group_codes, '|')
),

facts as (
    select
        score_month,
        unit_id,
        indicator_code as column_name,
        obs_value as fact_value,
        obs_text as fact_text
    from marts.fct_observations
    union all
    select
        score_month,
        unit_id,
        dimension_code || '_score' as column_name,
        score as fact_value,
        null as fact_text
    from marts.fct_dimension_scores
    union all
    select
        score_month,
        unit_id,
        'composite_score' as column_name,
        exact_score as fact_value,
        null as fact_text
    from marts.fct_composite_scores
    union all
    select
        score_month,
        unit_id,
        'group_name' as column_name,
        null as fact_value,
        group_name as fact_text
    from units
),

compared as (
    select
        printed.score_month,
        printed.city_code,
        printed.mart_name as place,
        printed.unit_name,
        printed.column_name,
        annex_columns.view_column_name as column_title,
        printed.cell_value,
        case when printed.cell_value is null then printed.cell_text end as cell_text,
        annex_columns.half_place,
        case
            when printed.column_name != 'sequence_no' then facts.fact_value
            when ranked_annexes.annex_no is not null then composite_scores.sequence_no
            else printed.cell_value
        end as fact_value,
        facts.fact_text,
        indicators.valid_min,
        indicators.valid_max,
        score_columns.most,
        score_columns.most - printed.cell_value as lost
    from printed
    inner join annex_columns
        on
            printed.score_month = annex_columns.score_month
            and printed.mart_name = annex_columns.mart_name
            and printed.column_name = annex_columns.column_name
    inner join units
        on
            printed.score_month = units.score_month
            and printed.city_code = units.city_code
            and printed.unit_name = units.unit_name
    left join marts.fct_composite_scores as composite_scores
        on
            units.score_month = composite_scores.score_month
            and units.unit_id = composite_scores.unit_id
    left join ranked_annexes
        on
            printed.score_month = ranked_annexes.score_month
            and printed.mart_name = ranked_annexes.mart_name
    left join facts
        on
            units.score_month = facts.score_month
            and units.unit_id = facts.unit_id
            and printed.column_name = facts.column_name
    left join marts.dim_indicators as indicators
        on
            printed.score_month = indicators.score_month
            and printed.column_name = indicators.indicator_code
    left join score_columns
        on
            units.score_month = score_columns.score_month
            and units.city_code = score_columns.city_code
            and units.group_code = score_columns.group_code
            and printed.column_name = score_columns.column_name
),

final as (
    select
        * exclude (half_place, fact_value),
        -- What is printed is the fact rounded half up; then it counts as the fact.
        case
            when
                cell_value - fact_value > -half_place and cell_value - fact_value <= half_place
                then cell_value
            else fact_value
        end as fact_value
    from compared
)

select * from final
