-- One row per score month and row of the city-level figures.
with

cells as (
    {{ raw_cells('city_metrics', key='metric_code') }}
),

final as (
    select
        source_file,
        {{ clean_text('metric_code') }} as metric_code,
        max(case when column_name = 'value' then printed_value end) as printed_value,
        max(case when column_name = 'province_rank' then printed_value end) as printed_rank,
        max(case when column_name = 'detail' then trim(printed_value) end) as detail,
        row_no,
        score_month
    from cells
    group by source_file, metric_code, row_no, score_month
)

select * from final
