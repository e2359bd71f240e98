-- One row per month, feed and unit that should stand in the feed's file, or does.
with

arrived as (
    select * from arrived_cells
    where feed_kind != 'city_metrics'
),

units as (
    select * from marts.dim_units
),

wanted as (
    select distinct
        units.score_month,
        units.city_code,
        group_indicators.dimension_code as feed_code,
        units.unit_id,
        units.unit_name
    from units
    inner join intermediate.int_group_indicators_monthly as group_indicators
        on
            units.score_month = group_indicators.score_month
            and units.group_code = group_indicators.group_code
    union
    -- A month may come without published scores; if a city has them, it has all.
    select distinct
        units.score_month,
        units.city_code,
        arrived.feed_code,
        units.unit_id,
        units.unit_name
    from units
    inner join arrived
        on
            units.score_month = arrived.score_month
            and units.city_code = arrived.city_code
            and arrived.feed_kind = 'published_scores'
),

received as (
    select
        score_month,
        city_code,
        feed_code,
        unit_id,
        unit_name,
        min(row_no) as row_no,
        -- All cells of a row that the print lacks are imputed.
        greatest(count(distinct row_no), 1) as row_count
    from arrived
    group by score_month, city_code, feed_code, unit_id, unit_name
),

places as (
    select distinct
        score_month,
        feed_code,
        place
    from arrived
),

matched as (
    select
        coalesce(wanted.score_month, received.score_month) as score_month,
        coalesce(wanted.city_code, received.city_code) as city_code,
        coalesce(wanted.feed_code, received.feed_code) as feed_code,
        received.row_no,
        coalesce(wanted.unit_name, received.unit_name) as unit_name,
        coalesce(received.row_count, 0) as row_count,
        case when wanted.unit_id is null then received.unit_name end as unlisted_unit
    from wanted
    full join received
        on
            wanted.score_month = received.score_month
            and wanted.feed_code = received.feed_code
            and wanted.unit_id = received.unit_id
),

final as (
    select
        matched.score_month,
        matched.city_code,
        places.place,
        matched.row_no,
        matched.unit_name,
        matched.row_count,
        matched.unlisted_unit
    from matched
    left join places
        on
            matched.score_month = places.score_month
            and matched.feed_code = places.feed_code
)

select * from final
