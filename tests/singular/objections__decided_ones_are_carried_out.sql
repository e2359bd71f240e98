-- An objection that was upheld, if only in part, has the correction that carries it out, and the
-- value that it contests is another now; one that was rejected changed nothing.
with

observed as (
    select
        objections.*,
        observations.unit_id,
        observations.corrected_value
    from {{ ref('objections') }} as objections
    inner join {{ ref('int_score_months') }} using (score_month)
    left join {{ ref('fct_observations') }} as observations
        on
            objections.score_month = observations.score_month
            and objections.unit_name = observations.unit_name
            and objections.indicator_code = observations.indicator_code
            and coalesce(objections.city_code, observations.city_code) = observations.city_code
),

errata as (
    select distinct erratum_id from {{ ref('errata') }}
)

select
    observed.objection_id,
    observed.unit_name,
    observed.indicator_code,
    observed.decision,
    observed.contested_value,
    observed.corrected_value,
    observed.carried_out_by,
    case
        when observed.decision = 'open' then '未处理的异议没有处理理由、日期和更正'
        when observed.decision = 'rejected' then '驳回的异议没有更正，数值不变'
        else '采纳的异议写明更正的勘误编号或存档编号，数值已改'
    end as expected
from observed
left join errata on observed.carried_out_by = errata.erratum_id
where
    (observed.decision = 'open') != (observed.reason is null and observed.decided_on is null)
    or (observed.decision in ('upheld', 'partly')) != (observed.carried_out_by is not null)
    -- An entry of the archive is named after its time, such as 20230803T020000000000Z.
    or (
        observed.carried_out_by is not null
        and errata.erratum_id is null
        and not {{ matches_pattern('observed.carried_out_by', "'^[0-9]{8}T[0-9]{12}Z$'") }}
    )
    or (
        observed.indicator_code is not null
        and observed.decision != 'open'
        and (observed.decision = 'rejected')
        != (observed.contested_value = observed.corrected_value)
    )
