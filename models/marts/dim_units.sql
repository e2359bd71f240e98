-- One row per score month and unit that is assessed in it.
select
    units.score_month,
    city_code,
    cities.city_name,
    units.unit_id,
    units.unit_name,
    group_code,
    unit_groups.group_name,
    units.official_order,
    units.region_code
from {{ ref('int_units_monthly') }} as units
inner join {{ ref('cities') }} as cities using (city_code)
inner join {{ ref('groups') }} as unit_groups using (group_code)
{{ in_order('units.score_month', 'units.unit_id') }}
