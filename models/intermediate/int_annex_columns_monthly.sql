-- One row per score month, annex and printed column.
with

annex_columns as (
    {{ in_force(
        ref('annex_columns'), ['annex_no', 'column_name'],
        [
            'annex_no', 'column_no', 'column_name', 'header_path', 'view_column_name',
            'number_format', 'decimals',
        ],
    ) }}
)

select
    annex_no,
    annexes.mart_name,
    annex_columns.column_no,
    annex_columns.column_name,
    annex_columns.header_path,
    annex_columns.view_column_name,
    annex_columns.number_format,
    annex_columns.decimals,
    score_month
from annex_columns
inner join {{ ref('int_annexes_monthly') }} as annexes using (score_month, annex_no)
