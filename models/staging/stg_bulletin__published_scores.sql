-- One row per score month, row and column of the officially printed scores. A month may come
-- without this file, so it cannot be a ref; standing behind another model puts this one after
-- all seeds: depends on {{ ref('int_score_months') }}.
with

cells as (
    {{ raw_cells('published_scores', optional=true) }}
),

final as (
    select
        'published_scores' as feed,
        source_file,
        column_name,
        {{ clean_text('unit_name') }} as unit_name,
        printed_value,
        row_no,
        score_month
    from cells
)

select * from final
