-- Every note of a city that has units in a month is of a fault in its ledger of that month.
select
    notes.score_month,
    notes.city_code,
    notes.unit_name,
    notes.indicator_code,
    notes.note
from {{ ref('rectification_notes') }} as notes
semi join {{ ref('int_cities_monthly') }} as cities
    on
        notes.score_month = cities.score_month
        and coalesce(notes.city_code, cities.city_code) = cities.city_code
left join {{ ref('fct_rectifications') }} as ledger
    on
        notes.score_month = ledger.score_month
        and notes.unit_name = ledger.unit_name
        and notes.indicator_code = ledger.indicator_code
        and coalesce(notes.city_code, ledger.city_code) = ledger.city_code
where ledger.city_code is null
