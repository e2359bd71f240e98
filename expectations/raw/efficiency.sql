-- One row per month and unit with bad reviews: the rate at which they were put right.
select
    score_month,
    rates.city_code,
    rates.place,
    rates.row_no,
    rates.unit_name,
    rates.column_name,
    rates.column_title,
    rates.cell_text as rectification_rate,
    rates.cell_value
from arrived_cells as rates
inner join arrived_cells as reviews using (score_month, unit_id)
where
    rates.column_name = 'rectification_rate'
    and reviews.column_name = 'negative_review_count'
    and reviews.cell_value > 0
