-- One row per cell of points as reported, with the most that its group can reach there.
with

final as (
    select
        arrived.score_month,
        arrived.city_code,
        arrived.place,
        arrived.row_no,
        arrived.unit_name,
        arrived.column_name,
        arrived.column_title,
        arrived.cell_value,
        group_indicators.max_points
    from arrived_cells as arrived
    inner join intermediate.int_group_indicators_monthly as group_indicators
        on
            arrived.score_month = group_indicators.score_month
            and arrived.group_code = group_indicators.group_code
            and arrived.column_name = group_indicators.indicator_code
    where group_indicators.value_type = 'points'
)

select * from final
