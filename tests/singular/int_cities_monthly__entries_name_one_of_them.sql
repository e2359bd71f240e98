-- What people enter of a month that is built is of a city that has units in it; the city may be
-- blank where there is only one.
with

entries as (
    select
        'errata' as seed_name,
        erratum_id as entry,
        city_code,
        score_month
    from {{ ref('errata') }}
    union all
    select
        'objections' as seed_name,
        objection_id as entry,
        city_code,
        score_month
    from {{ ref('objections') }}
    union all
    select
        'rectification_notes' as seed_name,
        unit_name as entry,
        city_code,
        score_month
    from {{ ref('rectification_notes') }}
)

select distinct entries.*
from entries
inner join {{ ref('int_score_months') }} as months on entries.score_month = months.score_month
left join {{ ref('int_cities_monthly') }} as cities
    on
        entries.score_month = cities.score_month
        and coalesce(entries.city_code, cities.city_code) = cities.city_code
where cities.city_code is null or (entries.city_code is null and not cities.is_only)
