-- Within a city a name has one meaning in a month: neither the name nor an alias of a unit in force
-- is the name or an alias of another.
with

names as (
    select
        score_month,
        city_code,
        unit_id,
        unit_name
    from {{ ref('int_units_monthly') }}
    union
    select
        units.score_month,
        units.city_code,
        unit_id,
        aliases.alias_name as unit_name
    from {{ ref('unit_aliases') }} as aliases
    inner join {{ ref('int_units_monthly') }} as units using (unit_id)
)

select
    score_month,
    city_code,
    unit_name,
    min(unit_id) as unit_id,
    max(unit_id) as other_unit_id
from names
group by score_month, city_code, unit_name
having count(*) > 1
