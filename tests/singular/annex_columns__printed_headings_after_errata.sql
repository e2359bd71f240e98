-- Every printed heading, after errata, is the heading of the annex column; every heading
-- correction finds the text it corrects.
with

expected as (
    select headers.*
    from {{ ref('expected_annex_headers') }} as headers
    inner join {{ ref('int_score_months') }} as score_months
        on headers.score_month = score_months.score_month
),

corrections as (
    select
        errata.score_month,
        errata.city_code,
        header_corrections.*
    from {{ ref('header_corrections') }} as header_corrections
    inner join {{ ref('int_errata') }} as errata
        on header_corrections.erratum_id = errata.erratum_id
)

select
    expected.score_month,
    expected.city_code,
    expected.annex_no,
    expected.column_no,
    expected.printed_header_path,
    corrections.printed_header_path as corrected_from,
    corrections.corrected_header_path,
    annex_columns.header_path
from expected
left join corrections
    on
        expected.score_month = corrections.score_month
        and expected.city_code = corrections.city_code
        and expected.annex_no = corrections.annex_no
        and expected.column_no = corrections.column_no
left join {{ ref('int_annex_columns_monthly') }} as annex_columns
    on
        expected.score_month = annex_columns.score_month
        and expected.annex_no = annex_columns.annex_no
        and expected.column_no = annex_columns.column_no
where
    corrections.printed_header_path != expected.printed_header_path
    or coalesce(corrections.corrected_header_path, expected.printed_header_path)
    is distinct from annex_columns.header_path
