-- What people enter of a month names its city, unless the month has only one.
with

entries as (
    select
        'errata' as seed_name,
        erratum_id as entry,
        score_month
    from {{ ref('errata') }}
    where city_code is null
    union all
    select
        'objections' as seed_name,
        objection_id as entry,
        score_month
    from {{ ref('objections') }}
    where city_code is null
    union all
    select
        'rectification_notes' as seed_name,
        unit_name as entry,
        score_month
    from {{ ref('rectification_notes') }}
    where city_code is null
)

select distinct entries.*
from entries
inner join {{ ref('int_cities_monthly') }} as cities using (score_month)
where not cities.is_only
