-- One row per score month, annex and printed column.
with

annexes as (
    select * from {{ ref('int_annexes_monthly') }}
),

annex_columns as (
    {{ in_force(
        ref('annex_columns'), ['annex_no', 'column_name'],
        [
            'annex_no', 'column_no', 'column_name', 'header_path', 'view_column_name',
            'number_format', 'decimals',
        ],
    ) }}
),

final as (
    select
        annex_columns.annex_no,
        annexes.mart_name,
        annex_columns.column_no,
        annex_columns.column_name,
        annex_columns.header_path,
        annex_columns.view_column_name,
        annex_columns.number_format,
        annex_columns.decimals,
        annex_columns.score_month
    from annex_columns
    inner join annexes
        on
            annex_columns.score_month = annexes.score_month
            and annex_columns.annex_no = annexes.annex_no
)

select * from final
