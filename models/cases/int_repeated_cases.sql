-- One row per record of a case that counts and stands in an earlier row of its file as well. A
-- model of its own: of records that one query reads twice DuckDB would hold all.
{{ config(enabled=var('case_path', none) is not none) }}
select
    score_month,
    city_code,
    records.source_file,
    case_no,
    records.row_no
from {{ ref('stg_cases__records') }} as records
semi join {{ ref('cases_behind_points') }} using (score_month, city_code, case_no)
qualify row_number() over (
    partition by score_month, city_code, case_no order by records.row_no nulls last
) > 1
