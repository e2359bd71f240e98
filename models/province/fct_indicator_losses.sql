-- One row per score month, group and indicator that carries points: how many units of the province
-- it applied to, how many lost points by it, and how many points.
select
    score_month,
    group_code,
    group_name,
    dimension_code,
    dimension_name,
    indicator_code,
    indicator_name,
    cast(count(distinct city_code) as integer) as city_count,
    cast(count(*) as integer) as unit_count,
    cast(count(*) filter (where obs_status != 'M') as integer) as applicable_unit_count,
    cast(count(*) filter (where points_lost > 0) as integer) as losing_unit_count,
    cast(sum(points_lost) as decimal(28, 10)) as points_lost
from {{ ref('fct_indicator_scores') }}
group by all
