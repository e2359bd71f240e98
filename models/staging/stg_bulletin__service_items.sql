-- One row per score month, row and column of the service_items feed.
with

cells as (
    {{ raw_cells('service_items') }}
),

final as (
    select
        'service_items' as feed,
        source_file,
        column_name,
        {{ clean_text('unit_name') }} as unit_name,
        printed_value,
        row_no,
        score_month
    from cells
)

select * from final
