-- One row per month, unit and rate that is not applicable: the points that the province gave there.
with

pairs (rate_code, points_code) as (
    values
    ('full_process_rate', 'full_process_points'),
    ('mainline_accuracy_rate', 'mainline_points'),
    ('auxiliary_accuracy_rate', 'auxiliary_points')
),

final as (
    select
        points.score_month,
        points.city_code,
        points.place,
        points.row_no,
        points.unit_name,
        points.column_name,
        points.column_title,
        points.cell_value,
        group_indicators.max_points
    from pairs
    inner join arrived_cells as rates on pairs.rate_code = rates.column_name
    inner join arrived_cells as points
        on
            pairs.points_code = points.column_name
            and rates.score_month = points.score_month
            and rates.unit_id = points.unit_id
    inner join intermediate.int_group_indicators_monthly as group_indicators
        on
            points.score_month = group_indicators.score_month
            and points.group_code = group_indicators.group_code
            and points.column_name = group_indicators.indicator_code
    where rates.is_not_applicable
)

select * from final
