-- Every adjustment of a month that is built reaches a score: its unit is in force and its group
-- is assessed in the dimension.
select
    errata.score_month,
    adjustments.unit_id,
    adjustments.dimension_code,
    adjustments.adjustment_points
from {{ ref('score_adjustments') }} as adjustments
inner join {{ ref('int_errata') }} as errata using (erratum_id)
anti join {{ ref('fct_dimension_scores') }} using (score_month, unit_id, dimension_code)
