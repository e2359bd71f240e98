-- Every adjustment of a month that is built reaches a score: its unit is in force and its group
-- is assessed in the dimension.
select
    errata.score_month,
    adjustments.unit_id,
    adjustments.dimension_code,
    adjustments.adjustment_points
from {{ ref('score_adjustments') }} as adjustments
inner join {{ ref('int_errata') }} as errata on adjustments.erratum_id = errata.erratum_id
left join {{ ref('fct_dimension_scores') }} as scores
    on
        errata.score_month = scores.score_month
        and adjustments.unit_id = scores.unit_id
        and adjustments.dimension_code = scores.dimension_code
where scores.unit_id is null
