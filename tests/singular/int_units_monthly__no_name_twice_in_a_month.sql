select
    score_month,
    unit_name,
    count(*) as unit_count
from {{ ref('int_units_monthly') }}
group by score_month, unit_name
having count(*) > 1
