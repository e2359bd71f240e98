-- One row per corrected cell of the print of a month that is built, with its city.
select
    errata.city_code,
    erratum_id,
    corrections.annex_no,
    corrections.annex_row_no,
    corrections.feed,
    corrections.row_no,
    corrections.column_name,
    corrections.printed_value,
    corrections.corrected_value,
    errata.score_month
from {{ ref('cell_corrections') }} as corrections
inner join {{ ref('int_errata') }} as errata using (erratum_id)
