-- One row per score month, unit, dimension and erratum that adjusts the dimension's score.
{{ config(schema='audit', alias='adjustments_in_force') }}
with

score_adjustments as (
    select * from {{ ref('score_adjustments') }}
),

errata as (
    select * from {{ ref('int_errata') }}
),

units as (
    select * from {{ ref('int_units_monthly') }}
),

dimensions as (
    select * from {{ ref('dimensions') }}
),

final as (
    select
        units.score_month,
        units.city_code,
        units.unit_id,
        units.unit_name,
        units.group_code,
        score_adjustments.dimension_code,
        dimensions.dimension_name,
        score_adjustments.erratum_id,
        cast(score_adjustments.adjustment_points as decimal(6, 3)) as adjustment_points,
        errata.reason,
        errata.evidence
    from score_adjustments
    inner join errata on score_adjustments.erratum_id = errata.erratum_id
    inner join units
        on
            errata.score_month = units.score_month
            and score_adjustments.unit_id = units.unit_id
    inner join dimensions on score_adjustments.dimension_code = dimensions.dimension_code
)

select * from final
order by
    score_month nulls last,
    unit_id nulls last,
    dimension_code nulls last,
    erratum_id nulls last
