-- One row per score month and city with units in it. Where it is the only one, files and errata
-- need not name it.
select
    city_code,
    count(*) over (partition by score_month) = 1 as is_only,
    score_month
from ({{ in_force(ref('units'), ['unit_id'], ['city_code']) }}) as units
group by score_month, city_code
