-- One row per score month, unit, dimension and erratum that adjusts the dimension's score.
{{ config(schema='audit', alias='adjustments_in_force') }}
select
    score_month,
    units.city_code,
    unit_id,
    units.unit_name,
    units.group_code,
    dimension_code,
    dimensions.dimension_name,
    erratum_id,
    cast(adjustments.adjustment_points as decimal(6, 3)) as adjustment_points,
    errata.reason,
    errata.evidence
from {{ ref('score_adjustments') }} as adjustments
inner join {{ ref('int_errata') }} as errata using (erratum_id)
inner join {{ ref('int_units_monthly') }} as units using (score_month, unit_id)
inner join {{ ref('dimensions') }} as dimensions using (dimension_code)
{{ in_order('score_month', 'unit_id', 'dimension_code', 'erratum_id') }}
