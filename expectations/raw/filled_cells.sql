-- One row per month, city, group and indicator of a feed: how many units of the group have a value.
with

group_indicators as (
    select * from intermediate.int_group_indicators_monthly
),

indicators as (
    select * from marts.dim_indicators
),

group_sizes as (
    select
        score_month,
        city_code,
        group_code,
        group_name,
        count(*) as unit_count
    from marts.dim_units
    group by score_month, city_code, group_code, group_name
),

filled as (
    select
        score_month,
        city_code,
        group_code,
        column_name,
        any_value(place) as place,
        count(distinct unit_id) filter (where cell_text is not null) as filled_count
    from arrived_cells
    group by score_month, city_code, group_code, column_name
),

final as (
    select
        group_sizes.score_month,
        group_sizes.city_code,
        filled.place,
        group_sizes.group_name as unit_name,
        indicators.indicator_code as column_name,
        indicators.indicator_name as column_title,
        coalesce(filled.filled_count, 0) as filled_count,
        case when group_indicators.is_required then group_sizes.unit_count end as unit_count,
        case when group_indicators.indicator_code is null then coalesce(filled.filled_count, 0) end
            as needless_count
    from group_sizes
    inner join indicators on group_sizes.score_month = indicators.score_month
    left join group_indicators
        on
            group_sizes.score_month = group_indicators.score_month
            and group_sizes.group_code = group_indicators.group_code
            and indicators.indicator_code = group_indicators.indicator_code
    left join filled
        on
            group_sizes.score_month = filled.score_month
            and group_sizes.city_code = filled.city_code
            and group_sizes.group_code = filled.group_code
            and indicators.indicator_code = filled.column_name
)

select * from final
