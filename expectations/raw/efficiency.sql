-- One row per month and unit with bad reviews: the rate at which they were put right.
with

reviews as (
    select * from arrived_cells
    where column_name = 'negative_review_count' and cell_value > 0
),

final as (
    select
        arrived.score_month,
        arrived.city_code,
        arrived.place,
        arrived.row_no,
        arrived.unit_name,
        arrived.column_name,
        arrived.column_title,
        arrived.cell_text as rectification_rate,
        arrived.cell_value
    from arrived_cells as arrived
    inner join reviews
        on
            arrived.score_month = reviews.score_month
            and arrived.unit_id = reviews.unit_id
    where arrived.column_name = 'rectification_rate'
)

select * from final
