-- One row per score month and unit that is assessed in it.
with

units as (
    select * from {{ ref('int_units_monthly') }}
),

cities as (
    select * from {{ ref('cities') }}
),

groups as (
    select * from {{ ref('groups') }}
),

final as (
    select
        units.score_month,
        units.city_code,
        cities.city_name,
        units.unit_id,
        units.unit_name,
        units.group_code,
        groups.group_name,
        units.official_order,
        units.region_code
    from units
    inner join cities on units.city_code = cities.city_code
    inner join groups on units.group_code = groups.group_code
)

select * from final
order by score_month nulls last, unit_id nulls last
