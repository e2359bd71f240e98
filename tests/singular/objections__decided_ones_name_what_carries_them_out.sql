-- An objection that was upheld, if only in part, names the erratum or the entry of the archive that
-- carries it out; one that was rejected names none, and one that is open says nothing yet.
select
    objections.objection_id,
    objections.unit_name,
    objections.decision,
    objections.reason,
    objections.decided_on,
    objections.carried_out_by,
    case
        when objections.decision = 'open' then '未处理的异议没有处理理由、日期和更正'
        when objections.decision = 'rejected' then '驳回的异议没有更正'
        else '采纳的异议写明更正的勘误编号或存档编号'
    end as expected
from {{ ref('objections') }} as objections
inner join {{ ref('int_score_months') }} using (score_month)
left join {{ ref('errata') }} as errata on objections.carried_out_by = errata.erratum_id
where
    (objections.decision = 'open')
    != (objections.reason is null and objections.decided_on is null)
    or (objections.decision in ('upheld', 'partly')) != (objections.carried_out_by is not null)
    -- An entry of the archive is named after its time, such as 20230803T020000000000Z.
    or (
        objections.carried_out_by is not null
        and errata.erratum_id is null
        and not {{ matches_pattern('objections.carried_out_by', "'^[0-9]{8}T[0-9]{12}Z$'") }}
    )
