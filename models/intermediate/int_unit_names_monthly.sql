-- One row per score month, city and name under which a unit may arrive: its own, and its aliases.
with

units as (
    select
        score_month,
        city_code,
        unit_id,
        unit_name
    from {{ ref('int_units_monthly') }}
),

named as (
    select * from units
    union all
    select
        units.score_month,
        units.city_code,
        unit_id,
        aliases.alias_name as unit_name
    from {{ ref('unit_aliases') }} as aliases
    inner join units using (unit_id)
)

select distinct
    city_code,
    {{ clean_text('unit_name') }} as row_key,
    unit_id,
    score_month
from named
