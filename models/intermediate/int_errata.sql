-- One row per finding in the print of a month that is built, with its city.
select
    coalesce(errata.city_code, cities.city_code) as city_code,
    errata.erratum_id,
    errata.erratum_kind,
    errata.annex_nos,
    errata.description,
    errata.reason,
    errata.evidence,
    errata.score_month
from {{ ref('errata') }} as errata
inner join {{ ref('int_score_months') }} using (score_month)
left join {{ ref('int_cities_monthly') }} as cities
    on
        errata.score_month = cities.score_month
        and cities.is_only
