-- Within a city a name has one meaning in a month: neither the name nor an alias of a unit in force
-- is the name or an alias of another.
select
    score_month,
    city_code,
    row_key as unit_name,
    min(unit_id) as unit_id,
    max(unit_id) as other_unit_id
from {{ ref('int_unit_names_monthly') }}
group by score_month, city_code, row_key
having count(*) > 1
