-- One row per month, city and city-level figure that follows from the month before
-- (seeds/reference/city_metrics.csv): what it should be by that.
with

figures as (
    select
        cells.score_month,
        cells.city_code,
        cells.place,
        cells.row_no,
        cells.row_key as metric_code,
        cells.column_name,
        cells.cell_text,
        cells.cell_value,
        feed_columns.column_label as column_title,
        cast(
            '0.' || repeat('0', length(split_part(cells.cell_text, '.', 2))) || '5'
            as decimal(18, 9)
        ) as half_place
    from arrived_cells as cells
    inner join reference.feed_columns as feed_columns using (feed_code, column_name)
    where
        feed_columns.value_type = 'value'
        and not cells.is_not_applicable
        and cells.cell_text is not null
),

compared as (
    select
        figures.*,
        metrics.metric_name as unit_name,
        metrics.continuity,
        earlier.cell_value as earlier_value,
        added.cell_value as added_value,
        months.earlier_month = figures.score_month - interval 1 month as is_next,
        year(months.earlier_month) = year(figures.score_month) as is_same_year,
        -- Issues are numbered by the year of the bulletin, or by the year assessed.
        is_same_year
        and year(months.earlier_month + interval 1 month)
        = year(figures.score_month + interval 1 month) as is_same_series,
        case
            when month(figures.score_month) = 1 then added.cell_value
            when is_next then earlier.cell_value + added.cell_value
        end as sum_value,
        figures.half_place + added.half_place
        + case when month(figures.score_month) = 1 then 0 else earlier.half_place end
            as allowed_gap
    from figures
    inner join reference.city_metrics as metrics using (metric_code)
    left join earlier_months as months using (score_month, city_code)
    left join figures as earlier
        on
            months.earlier_month = earlier.score_month
            and figures.city_code = earlier.city_code
            and figures.metric_code = earlier.metric_code
    left join figures as added
        on
            figures.score_month = added.score_month
            and figures.city_code = added.city_code
            and metrics.added_metric_code = added.metric_code
    where metrics.continuity is not null
),

judged as (
    select
        *,
        coalesce(abs(cell_value - sum_value) <= allowed_gap, false) as is_sum,
        coalesce(is_same_year and cell_value <= earlier_value, false) as is_stuck
    from compared
)

select
    score_month,
    city_code,
    place,
    row_no,
    unit_name,
    column_name,
    column_title,
    cell_text,
    cell_value,
    case
        when continuity = 'year_to_date' and is_same_year and not is_sum then earlier_value
    end as outgrown_value,
    case
        when continuity = 'year_to_date' and sum_value is null then added_value
    end as least_value,
    case
        when continuity = 'year_to_date' and is_sum then cell_value
        when continuity = 'year_to_date' and not is_stuck then sum_value
    end as sum_value,
    case
        when continuity != 'numbered' or not is_next then null
        when not is_same_series and cell_value = 1 then cell_value
        else earlier_value + 1
    end as next_number,
    case
        when continuity = 'numbered' and not is_next and is_same_series then earlier_value
    end as passed_number,
    case
        when continuity = 'dated' then strftime(score_month + interval 1 month, '%Y-%m')
    end as due_month,
    case
        when continuity = 'dated'
            then coalesce(strftime(try_cast(cell_text as date), '%Y-%m'), cell_text)
    end as dated_month
from judged
