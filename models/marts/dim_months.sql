-- One row per score month.
select
    score_month,
    stage,
    case when stage = 'final' then 'A' else 'P' end as obs_status,
    objections_until,
    published_on
from {{ ref('int_score_months') }}
{{ in_order('score_month') }}
