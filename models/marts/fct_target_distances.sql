-- One row per score month, unit and indicator that has a target for the unit's group: how far its
-- value is from there. What is not applicable counts as reached, as it is not lost for either.
with

compared as (
    select
        observations.*,
        targets.target_kind,
        targets.target_value,
        case targets.target_kind
            when 'at_least' then targets.target_value - observations.obs_value
            when 'at_most' then observations.obs_value - targets.target_value
        end as shortfall
    from {{ ref('fct_observations') }} as observations
    inner join {{ ref('int_indicator_targets_monthly') }} as targets
        on
            observations.score_month = targets.score_month
            and observations.group_code = targets.group_code
            and observations.indicator_code = targets.indicator_code
)

select
    score_month,
    city_code,
    unit_id,
    unit_name,
    group_code,
    indicator_code,
    indicator_name,
    obs_value,
    obs_status,
    target_kind,
    target_value,
    cast(case when shortfall < 0 then 0 else shortfall end as decimal(18, 6)) as target_distance,
    coalesce(obs_status = 'M' or shortfall <= 0, false) as is_reached
from compared
{{ in_order('score_month', 'unit_id', 'indicator_code') }}
