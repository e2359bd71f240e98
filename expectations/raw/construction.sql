-- One row per month, unit and rate that is not applicable: the points that the province gave there.
with

pairs (rate_code, points_code) as (
    values
    ('full_process_rate', 'full_process_points'),
    ('mainline_accuracy_rate', 'mainline_points'),
    ('auxiliary_accuracy_rate', 'auxiliary_points')
)

select
    points.score_month,
    points.city_code,
    points.place,
    points.row_no,
    points.unit_name,
    points.column_name,
    points.column_title,
    points.cell_value,
    reported.most
from pairs
inner join arrived_cells as rates on pairs.rate_code = rates.column_name
inner join arrived_cells as points
    on
        pairs.points_code = points.column_name
        and rates.score_month = points.score_month
        and rates.unit_id = points.unit_id
inner join reported_indicators as reported
    on
        points.score_month = reported.score_month
        and points.unit_id = reported.unit_id
        and points.column_name = reported.indicator_code
where rates.is_not_applicable
