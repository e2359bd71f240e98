-- The annex columns are the columns of the annex marts, in the same order, after score_month.
-- Runs after the marts: {{ ref('annex_cells') }}.
with

mart_columns as (
    select
        mart.table_name as mart_name,
        mart.column_name,
        mart.ordinal_position - 1 as column_no
    from information_schema.columns as mart
    inner join {{ ref('annexes') }} as annexes on mart.table_name = annexes.mart_name
    where mart.column_name != 'score_month'
),

printed_columns as (
    select
        annexes.mart_name,
        annex_columns.column_name,
        annex_columns.column_no
    from {{ ref('annex_columns') }} as annex_columns
    inner join {{ ref('annexes') }} as annexes on annex_columns.annex_no = annexes.annex_no
)

select
    mart_name,
    column_no,
    mart_columns.column_name as mart_column,
    printed_columns.column_name as printed_column
from mart_columns
full join printed_columns using (mart_name, column_no)
where mart_columns.column_name is distinct from printed_columns.column_name
