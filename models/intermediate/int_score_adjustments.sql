-- One row per score adjustment of a month that is built, with its city.
select
    errata.city_code,
    erratum_id,
    adjustments.unit_id,
    adjustments.dimension_code,
    adjustments.adjustment_points,
    errata.reason,
    errata.evidence,
    errata.score_month
from {{ ref('score_adjustments') }} as adjustments
inner join {{ ref('int_errata') }} as errata using (erratum_id)
