-- A unit may be renamed or move to another group, but not to another city.
select
    unit_id,
    min(city_code) as city_code,
    max(city_code) as other_city_code
from {{ ref('units') }}
group by unit_id
having count(distinct city_code) > 1
