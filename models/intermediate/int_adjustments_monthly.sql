-- One row per score month, unit, dimension and erratum that adjusts the dimension's score.
{{ config(schema='audit', alias='adjustments_in_force') }}
select
    score_month,
    city_code,
    unit_id,
    units.unit_name,
    units.group_code,
    dimension_code,
    dimensions.dimension_name,
    adjustments.erratum_id,
    cast(adjustments.adjustment_points as decimal(6, 3)) as adjustment_points,
    adjustments.reason,
    adjustments.evidence
from {{ ref('int_score_adjustments') }} as adjustments
inner join {{ ref('int_units_monthly') }} as units using (score_month, city_code, unit_id)
inner join {{ ref('dimensions') }} as dimensions using (dimension_code)
{{ in_order('score_month', 'unit_id', 'dimension_code', 'adjustments.erratum_id') }}
