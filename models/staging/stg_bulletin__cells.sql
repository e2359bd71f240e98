-- One row per cell of every monthly file, as received: its feed, row and column.
with

cells as (
    {{ raw_cells(ref('feeds')) }}
)

select
    {{ clean_text('cells.city_code') }} as city_code,
    feed_code,
    feeds.feed_kind,
    cells.source_file,
    {{ clean_text('cells.row_key') }} as row_key,
    cells.column_name,
    cells.printed_value,
    cells.row_no,
    cells.score_month
from cells
inner join {{ ref('feeds') }} as feeds using (feed_code)
