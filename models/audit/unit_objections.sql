-- One row per objection to a month that is built. An objection changes no figure by itself, so the
-- months that stay are looked at too.
{{ config(materialized='table') }}
select
    objections.objection_id,
    score_month,
    units.city_code,
    units.unit_id,
    units.unit_name,
    objections.dimension_code,
    dimensions.dimension_name,
    objections.indicator_code,
    indicators.indicator_name,
    objections.contested_value,
    objections.claim,
    objections.evidence,
    objections.received_on,
    objections.decision,
    objections.reason,
    objections.decided_on,
    objections.carried_out_by
from {{ ref('objections') }} as objections
inner join {{ ref('dim_units') }} as units using (score_month, unit_name)
inner join {{ ref('dimensions') }} as dimensions using (dimension_code)
left join {{ ref('dim_indicators') }} as indicators using (score_month, indicator_code)
where coalesce(objections.city_code, units.city_code) = units.city_code
{{ in_order('score_month', 'objections.objection_id') }}
