-- Every printed heading, after errata, is the heading of the annex column; every heading
-- correction finds the text it corrects.
with

corrections as (
    select
        errata.score_month,
        errata.city_code,
        header_corrections.*
    from {{ ref('header_corrections') }} as header_corrections
    inner join {{ ref('int_errata') }} as errata using (erratum_id)
)

select
    score_month,
    city_code,
    annex_no,
    column_no,
    expected.printed_header_path,
    corrections.printed_header_path as corrected_from,
    corrections.corrected_header_path,
    annex_columns.header_path
from {{ ref('expected_annex_headers') }} as expected
inner join {{ ref('int_score_months') }} using (score_month)
left join corrections using (score_month, city_code, annex_no, column_no)
left join {{ ref('int_annex_columns_monthly') }} as annex_columns
    using (score_month, annex_no, column_no)
where
    corrections.printed_header_path != expected.printed_header_path
    or coalesce(corrections.corrected_header_path, expected.printed_header_path)
    is distinct from annex_columns.header_path
