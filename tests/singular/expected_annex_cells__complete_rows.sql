-- Of every annex that was transcribed, the rows count from 1 without a gap and each has every
-- column.
with

annex_widths as (
    select
        score_month,
        annex_no,
        count(*) as column_count
    from {{ ref('int_annex_columns_monthly') }}
    group by score_month, annex_no
),

expected_rows as (
    select
        score_month,
        city_code,
        annex_no,
        row_no,
        count(*) as cell_count,
        row_number() over (
            partition by score_month, city_code, annex_no order by row_no nulls last
        ) as expected_row_no
    from {{ ref('expected_annex_cells') }}
    group by score_month, city_code, annex_no, row_no
)

select
    expected_rows.*,
    annex_widths.column_count
from expected_rows
inner join {{ ref('int_score_months') }} using (score_month)
left join annex_widths using (score_month, annex_no)
where
    expected_rows.row_no != expected_rows.expected_row_no
    or expected_rows.cell_count is distinct from annex_widths.column_count
