-- One row per score month and city with units in it. Where it is the only one, files and errata
-- need not name it.
with

units as (
    select distinct
        score_month,
        city_code
    from {{ ref('int_units_monthly') }}
),

final as (
    select
        city_code,
        count(*) over (partition by score_month) = 1 as is_only,
        score_month
    from units
)

select * from final
