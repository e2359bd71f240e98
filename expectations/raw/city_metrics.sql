-- One row per month, city and city-level figure that the narrative knows.
with

received as (
    select
        score_month,
        city_code,
        row_key as metric_code,
        min(row_no) as row_no
    from arrived_cells
    where feed_kind = 'city_metrics'
    group by score_month, city_code, row_key
),

places as (
    select distinct
        score_month,
        place
    from arrived_cells
    where feed_kind = 'city_metrics'
)

select
    score_month,
    city_code,
    places.place,
    city_metrics.metric_name as unit_name,
    received.row_no
from intermediate.int_cities_monthly
cross join reference.city_metrics as city_metrics
left join received using (score_month, city_code, metric_code)
left join places using (score_month)
