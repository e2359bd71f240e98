-- One row per score, average and rank of the facts, with the most that it can be: of an indicator
-- and a dimension what the rules of the month say, of a total the sum of the weights, of a rank the
-- size of the group, of a count of months those that there were.
with

units as (
    select
        *,
        count(*) over (partition by score_month, city_code, group_code) as group_size
    from marts.dim_units
),

totals as (
    select * from score_columns
    where dimension_code is null
),

composite_scores as (
    select
        scores.score_month,
        scores.unit_id,
        'fct_composite_scores' as place,
        measures.*
    from marts.fct_composite_scores as scores
    inner join lateral (
        values
        ('exact_score', '综合得分（未取整）', cast(scores.exact_score as decimal(18, 10)), true),
        ('composite_score', '综合得分', scores.composite_score, true),
        ('sequence_no', '序号', scores.sequence_no, false),
        ('score_rank', '名次', scores.score_rank, false)
    ) as measures (column_name, column_title, figure, is_score) on true
),

monthly_changes as (
    select
        changes.score_month,
        changes.unit_id,
        'fct_monthly_changes' as place,
        measures.*
    from marts.fct_monthly_changes as changes
    inner join lateral (
        values
        ('exact_score', '综合得分（未取整）', cast(changes.exact_score as decimal(18, 10)), true),
        ('score_rank', '名次', changes.score_rank, false)
    ) as measures (column_name, column_title, figure, is_score) on true
),

year_to_date_scores as (
    select
        averages.score_month,
        averages.unit_id,
        'fct_year_to_date_scores' as place,
        measures.*
    from marts.fct_year_to_date_scores as averages
    inner join lateral (
        values
        ('exact_average', '平均得分（未取整）', cast(averages.exact_average as decimal(18, 10)), true),
        ('average_score', '平均得分', averages.average_score, true)
    ) as measures (column_name, column_title, figure, is_score) on true
),

measured as (
    select * from composite_scores
    union all
    select * from monthly_changes
    union all
    select * from year_to_date_scores
),

limited as (
    select
        measured.score_month,
        units.city_code,
        measured.place,
        units.unit_name,
        measured.column_name,
        measured.column_title,
        measured.figure,
        null as fact_most,
        case when measured.is_score then totals.most else units.group_size end as most,
        case when measured.is_score then totals.most - measured.figure end as lost,
        null as full_points
    from measured
    inner join units
        on
            measured.score_month = units.score_month
            and measured.unit_id = units.unit_id
    inner join totals
        on
            units.score_month = totals.score_month
            and units.city_code = totals.city_code
            and units.group_code = totals.group_code
    union all
    select
        score_month,
        city_code,
        'fct_year_to_date_scores' as place,
        unit_name,
        'scored_month_count' as column_name,
        '计入平均的月数' as column_title,
        scored_month_count as figure,
        null as fact_most,
        year_month_count as most,
        null as lost,
        null as full_points
    from marts.fct_year_to_date_scores
    union all
    select
        scores.score_month,
        scores.city_code,
        'fct_dimension_scores' as place,
        scores.unit_name,
        score_columns.column_name,
        score_columns.column_title,
        scores.score as figure,
        scores.weight as fact_most,
        score_columns.most,
        score_columns.most - scores.score as lost,
        null as full_points
    from marts.fct_dimension_scores as scores
    inner join score_columns
        on
            scores.score_month = score_columns.score_month
            and scores.city_code = score_columns.city_code
            and scores.group_code = score_columns.group_code
            and scores.dimension_code = score_columns.dimension_code
    union all
    -- A maximum of 0 marks an indicator that only takes from its dimension's pool.
    select
        scores.score_month,
        scores.city_code,
        'fct_indicator_scores' as place,
        scores.unit_name,
        scores.indicator_code as column_name,
        scores.indicator_name || '得分' as column_title,
        scores.points as figure,
        scores.max_points as fact_most,
        group_indicators.max_points as most,
        case when scores.max_points > 0 then scores.max_points - scores.points end as lost,
        case when scores.obs_status = 'M' then scores.points end as full_points
    from marts.fct_indicator_scores as scores
    inner join intermediate.int_group_indicators_monthly as group_indicators
        on
            scores.score_month = group_indicators.score_month
            and scores.group_code = group_indicators.group_code
            and scores.indicator_code = group_indicators.indicator_code
)

select * from limited
