-- One row per finding in the print of a month that is built, with its city.
with

errata as (
    select * from {{ ref('errata') }}
),

cities as (
    select * from {{ ref('int_cities_monthly') }}
),

final as (
    select
        coalesce(errata.city_code, cities.city_code) as city_code,
        errata.erratum_id,
        errata.erratum_kind,
        errata.annex_nos,
        errata.description,
        errata.reason,
        errata.evidence,
        errata.score_month
    from errata
    inner join {{ ref('int_score_months') }} as score_months
        on errata.score_month = score_months.score_month
    left join cities
        on
            errata.score_month = cities.score_month
            and cities.is_only
)

select * from final
