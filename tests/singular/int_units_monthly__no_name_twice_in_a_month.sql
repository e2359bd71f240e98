select
    score_month,
    city_code,
    unit_name,
    count(*) as unit_count
from {{ ref('int_units_monthly') }}
group by score_month, city_code, unit_name
having count(*) > 1
