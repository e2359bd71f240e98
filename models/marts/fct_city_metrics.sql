-- One row per score month, city and city-level figure of the bulletin's narrative. A figure that
-- stands twice counts once; `input_problems` names the other.
with

received as (
    select
        cells.score_month,
        cells.city_code,
        cells.row_key as metric_code,
        cells.row_no,
        max(cells.cell_value) filter (where feed_columns.value_type = 'value') as metric_value,
        max(cells.cell_text) filter (
            where feed_columns.value_type = 'value' and cells.value_type = 'text'
        ) as metric_text,
        max(cells.cell_value) filter (where feed_columns.value_type = 'rank') as province_rank,
        max(cells.cell_text) filter (where feed_columns.value_type = 'rank') as rank_text,
        max(trim(cells.corrected_value)) filter (where feed_columns.value_type = 'detail')
            as detail
    from {{ ref('int_cells_corrected') }} as cells
    inner join {{ ref('feed_columns') }} as feed_columns using (feed_code, column_name)
    where cells.feed_kind = 'city_metrics'
    group by all
)

select
    received.score_month,
    city_code,
    cities.city_name,
    metric_code,
    city_metrics.metric_name,
    received.metric_value,
    received.metric_text,
    city_metrics.value_unit,
    cast(received.province_rank as integer) as province_rank,
    coalesce(received.rank_text like '倒数%', false) as is_rank_from_bottom,
    received.detail,
    received.row_no as source_row
from received
inner join {{ ref('city_metrics') }} as city_metrics using (metric_code)
inner join {{ ref('cities') }} as cities using (city_code)
qualify
    row_number() over (
        partition by received.score_month, city_code, metric_code
        order by received.row_no nulls last
    ) = 1
{{ in_order('received.score_month', 'city_code', 'metric_code') }}
