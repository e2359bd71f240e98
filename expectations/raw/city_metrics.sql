-- One row per month, city and city-level figure that the narrative knows.
with

received as (
    select
        score_month,
        city_code,
        row_key,
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
),

final as (
    select
        cities.score_month,
        cities.city_code,
        places.place,
        city_metrics.metric_name as unit_name,
        received.row_no
    from intermediate.int_cities_monthly as cities
    cross join reference.city_metrics as city_metrics
    left join received
        on
            cities.score_month = received.score_month
            and cities.city_code = received.city_code
            and city_metrics.metric_code = received.row_key
    left join places on cities.score_month = places.score_month
)

select * from final
