-- Every note of a month that is built is of a fault that stands in the month's ledger.
select
    score_month,
    notes.unit_name,
    notes.indicator_code,
    notes.note
from {{ ref('rectification_notes') }} as notes
inner join {{ ref('int_score_months') }} using (score_month)
left join {{ ref('fct_rectifications') }} as ledger using (score_month, unit_name, indicator_code)
where
    ledger.city_code is null
    or coalesce(notes.city_code, ledger.city_code) != ledger.city_code
