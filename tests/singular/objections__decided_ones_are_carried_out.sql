-- The value that an objection contests is another one now if it was upheld, if only in part; it is
-- the same if it was rejected.
select
    objections.objection_id,
    observations.city_code,
    objections.unit_name,
    objections.indicator_code,
    objections.decision,
    objections.contested_value,
    observations.corrected_value,
    case objections.decision
        when 'rejected' then '驳回的异议，数值不变'
        else '采纳的异议，数值已改'
    end as expected
from {{ ref('objections') }} as objections
inner join {{ ref('fct_observations') }} as observations
    on
        objections.score_month = observations.score_month
        and objections.unit_name = observations.unit_name
        and objections.indicator_code = observations.indicator_code
        and coalesce(objections.city_code, observations.city_code) = observations.city_code
where
    objections.decision != 'open'
    and (objections.decision = 'rejected')
    != (objections.contested_value = observations.corrected_value)
