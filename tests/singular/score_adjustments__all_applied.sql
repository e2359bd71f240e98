-- Every adjustment of a month that is built reaches a score: its unit is one of the city's in force
-- and its group is assessed in the dimension.
select
    score_month,
    city_code,
    unit_id,
    dimension_code,
    adjustments.adjustment_points
from {{ ref('int_score_adjustments') }} as adjustments
anti join {{ ref('fct_dimension_scores') }} using (score_month, city_code, unit_id, dimension_code)
