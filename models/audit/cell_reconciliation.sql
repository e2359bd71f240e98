-- One row per cell of a printed bulletin as transcribed for comparison: what was printed,
-- what it should have been after errata, and what the annex mart holds.
with

corrected as (
    select
        expected.score_month,
        expected.city_code,
        expected.annex_no,
        expected.row_no,
        expected.column_no,
        annex_columns.column_name,
        corrections.erratum_id,
        coalesce(expected.printed_value, '') as printed_value,
        coalesce(corrections.corrected_value, expected.printed_value, '') as corrected_value
    from {{ ref('expected_annex_cells') }} as expected
    inner join {{ ref('int_score_months') }} using (score_month)
    left join {{ ref('int_annex_columns_monthly') }} as annex_columns
        using (score_month, annex_no, column_no)
    left join {{ ref('int_cell_corrections') }} as corrections
        on
            expected.score_month = corrections.score_month
            and expected.city_code = corrections.city_code
            and expected.annex_no = corrections.annex_no
            and expected.row_no = corrections.annex_row_no
            and annex_columns.column_name = corrections.column_name
            and expected.printed_value = corrections.printed_value
)

select
    score_month,
    city_code,
    annex_no,
    row_no,
    column_no,
    annex_cells.unit_name,
    corrected.column_name,
    corrected.erratum_id,
    corrected.printed_value,
    corrected.corrected_value,
    annex_cells.cell_text as computed_value,
    coalesce(corrected.corrected_value = annex_cells.cell_text, false) as is_reproduced
from corrected
left join {{ ref('int_annex_cells') }} as annex_cells
    using (score_month, city_code, annex_no, row_no, column_no)
{{ in_order('score_month', 'city_code', 'annex_no', 'row_no', 'column_no') }}
