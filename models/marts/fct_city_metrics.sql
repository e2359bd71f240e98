-- One row per score month, city and city-level figure of the bulletin's narrative.
with

cells as (
    select * from {{ ref('int_cells_corrected') }}
    where feed_kind = 'city_metrics'
),

feed_columns as (
    select * from {{ ref('feed_columns') }}
),

city_metrics as (
    select * from {{ ref('city_metrics') }}
),

cities as (
    select * from {{ ref('cities') }}
),

received as (
    select
        cells.score_month,
        cells.city_code,
        cells.row_key as metric_code,
        cells.row_no,
        max(case when feed_columns.value_type = 'value' then cells.cell_value end) as metric_value,
        max(
            case
                when feed_columns.value_type = 'value' and cells.value_type = 'text'
                    then cells.cell_text
            end
        ) as metric_text,
        max(case when feed_columns.value_type = 'rank' then cells.cell_value end) as province_rank,
        max(case when feed_columns.value_type = 'rank' then cells.cell_text end) as rank_text,
        max(case when feed_columns.value_type = 'detail' then trim(cells.corrected_value) end)
            as detail
    from cells
    inner join feed_columns
        on
            cells.feed_code = feed_columns.feed_code
            and cells.column_name = feed_columns.column_name
    group by cells.score_month, cells.city_code, cells.row_key, cells.row_no
),

-- A figure that stands twice counts once; `input_problems` names the other.
numbered as (
    select
        *,
        row_number() over (
            partition by score_month, city_code, metric_code order by row_no nulls last
        ) as occurrence
    from received
),

final as (
    select
        numbered.score_month,
        numbered.city_code,
        cities.city_name,
        numbered.metric_code,
        city_metrics.metric_name,
        numbered.metric_value,
        numbered.metric_text,
        city_metrics.value_unit,
        cast(numbered.province_rank as integer) as province_rank,
        coalesce(numbered.rank_text like '倒数%', false) as is_rank_from_bottom,
        numbered.detail,
        numbered.row_no as source_row
    from numbered
    inner join city_metrics on numbered.metric_code = city_metrics.metric_code
    inner join cities on numbered.city_code = cities.city_code
    where numbered.occurrence = 1
)

select * from final
order by score_month nulls last, city_code nulls last, metric_code nulls last
