-- One row per cell of a printed bulletin as transcribed for comparison: what was printed,
-- what it should have been after errata, and what the annex mart holds.
with

expected as (
    select expected_annex_cells.*
    from {{ ref('expected_annex_cells') }} as expected_annex_cells
    inner join {{ ref('int_score_months') }} as score_months
        on expected_annex_cells.score_month = score_months.score_month
),

annex_columns as (
    select * from {{ ref('int_annex_columns_monthly') }}
),

corrections as (
    select
        errata.score_month,
        errata.city_code,
        cell_corrections.*
    from {{ ref('cell_corrections') }} as cell_corrections
    inner join {{ ref('int_errata') }} as errata on cell_corrections.erratum_id = errata.erratum_id
),

annex_cells as (
    select * from {{ ref('int_annex_cells') }}
),

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
    from expected
    left join annex_columns
        on
            expected.score_month = annex_columns.score_month
            and expected.annex_no = annex_columns.annex_no
            and expected.column_no = annex_columns.column_no
    left join corrections
        on
            expected.score_month = corrections.score_month
            and expected.city_code = corrections.city_code
            and expected.annex_no = corrections.annex_no
            and expected.row_no = corrections.annex_row_no
            and annex_columns.column_name = corrections.column_name
            and expected.printed_value = corrections.printed_value
),

final as (
    select
        corrected.score_month,
        corrected.city_code,
        corrected.annex_no,
        corrected.row_no,
        corrected.column_no,
        annex_cells.unit_name,
        corrected.column_name,
        corrected.erratum_id,
        corrected.printed_value,
        corrected.corrected_value,
        annex_cells.cell_text as computed_value,
        coalesce(corrected.corrected_value = annex_cells.cell_text, false) as is_reproduced
    from corrected
    left join annex_cells
        on
            corrected.score_month = annex_cells.score_month
            and corrected.city_code = annex_cells.city_code
            and corrected.annex_no = annex_cells.annex_no
            and corrected.row_no = annex_cells.row_no
            and corrected.column_no = annex_cells.column_no
)

select * from final
order by
    score_month nulls last,
    city_code nulls last,
    annex_no nulls last,
    row_no nulls last,
    column_no nulls last
