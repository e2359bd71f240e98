-- One row per month, city and monthly file that had something to tell in the month before: how many
-- of its cells have changed since. A cell tells something if it is a figure other than the best and
-- the worst there is, in a column that differs between units or had changed before: files full of
-- zeros, of 100% or of not applicable are alike every month. What a month has to have anew, such as
-- the number of its bulletin, does not count as changed.
with

cells as (
    select
        arrived.score_month,
        arrived.city_code,
        arrived.feed_code,
        arrived.feed_kind,
        coalesce(arrived.unit_id, arrived.row_key) as row_id,
        arrived.column_name,
        arrived.place,
        case
            when arrived.is_not_applicable then '—'
            when arrived.value_type = 'rank' or arrived.cell_value is null then arrived.cell_text
            else cast(arrived.cell_value as varchar)
        end as cell,
        coalesce(
            arrived.value_type != 'rank'
            and arrived.cell_value is distinct from coalesce(
                arrived.valid_min, value_ranges.valid_min
            )
            and arrived.cell_value is distinct from coalesce(
                reported.most, arrived.valid_max, score_columns.most, value_ranges.valid_max
            )
            and arrived.cell_value is not null,
            false
        ) as is_between
    from arrived_cells as arrived
    left join reported_indicators as reported
        on
            arrived.score_month = reported.score_month
            and arrived.unit_id = reported.unit_id
            and arrived.column_name = reported.indicator_code
    left join score_columns
        on
            arrived.score_month = score_columns.score_month
            and arrived.city_code = score_columns.city_code
            and arrived.group_code = score_columns.group_code
            and arrived.column_name = score_columns.column_name
    left join value_ranges
        on
            arrived.score_month = value_ranges.score_month
            and arrived.value_type = value_ranges.value_type
    left join reference.city_metrics as city_metrics
        on arrived.row_key = city_metrics.metric_code
    where
        arrived.cell_text is not null
        and coalesce(city_metrics.continuity, '') not in ('numbered', 'dated')
),

told as (
    select
        *,
        is_between and (
            feed_kind = 'city_metrics'
            or min(cell) over city_columns != max(cell) over city_columns
            or coalesce(cell != lag(cell) over cell_months, false)
        ) as is_telling
    from cells
    window
        city_columns as (partition by score_month, city_code, feed_code, column_name),
        cell_months as (
            partition by city_code, feed_code, row_id, column_name order by score_month nulls last
        )
),

earlier as (
    select
        earlier_months.score_month,
        earlier_months.earlier_month,
        told.city_code,
        told.feed_code,
        told.row_id,
        told.column_name,
        told.cell,
        told.is_telling
    from told
    inner join earlier_months
        on
            told.score_month = earlier_months.earlier_month
            and told.city_code = earlier_months.city_code
),

compared as (
    select
        score_month,
        city_code,
        feed_code,
        max(cells.place) as place,
        max(earlier.earlier_month) as earlier_month,
        count(*) filter (where earlier.is_telling) as telling_count,
        count(*) filter (where cells.cell is distinct from earlier.cell) as changed_count
    from cells
    full join earlier using (score_month, city_code, feed_code, row_id, column_name)
    group by score_month, city_code, feed_code
    having count(*) filter (where earlier.is_telling) > 0 and count(cells.cell) > 0
)

select
    score_month,
    compared.city_code,
    compared.place,
    feeds.feed_name as unit_name,
    '上次 ' || compared.telling_count || ' 个数据可比，本月 ' || compared.changed_count || ' 个不同'
        as comparison,
    case
        when compared.changed_count * 100 <= limits.limit_value * compared.telling_count
            then strftime(compared.earlier_month, '%Y-%m')
    end as same_as_month
from compared
inner join reference.feeds as feeds using (feed_code)
inner join intermediate.int_plausibility_limits_monthly as limits using (score_month)
where limits.measure_code = 'changed_cells_percent'
