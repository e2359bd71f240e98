-- One row per score month, row and column of the supervision feed.
with

cells as (
    {{ raw_cells('supervision') }}
),

final as (
    select
        'supervision' as feed,
        source_file,
        column_name,
        {{ clean_text('unit_name') }} as unit_name,
        printed_value,
        row_no,
        score_month
    from cells
)

select * from final
