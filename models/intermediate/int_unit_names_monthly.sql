-- One row per score month, unit and name under which it may arrive: its own, and its aliases.
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
),

-- Names are the same in most months: each is cleaned once.
cleaned as (
    select
        unit_name,
        {{ clean_text('unit_name') }} as row_key
    from (select distinct unit_name from named) as distinct_names
)

select distinct
    named.city_code,
    cleaned.row_key,
    named.unit_id,
    named.score_month
from named
inner join cleaned using (unit_name)
