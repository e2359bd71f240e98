-- One row per score month, unit, dimension and erratum that adjusts the dimension's score.
with

adjustments as (
    select
        errata.score_month,
        errata.reason,
        errata.evidence,
        score_adjustments.*
    from {{ ref('score_adjustments') }} as score_adjustments
    inner join {{ ref('errata') }} as errata on score_adjustments.erratum_id = errata.erratum_id
),

units as (
    select * from {{ ref('int_units_monthly') }}
),

final as (
    select
        units.score_month,
        units.city_code,
        units.unit_id,
        units.unit_name,
        units.group_code,
        adjustments.dimension_code,
        adjustments.erratum_id,
        cast(adjustments.adjustment_points as decimal(6, 3)) as adjustment_points,
        adjustments.reason,
        adjustments.evidence
    from adjustments
    inner join units
        on
            adjustments.score_month = units.score_month
            and adjustments.unit_id = units.unit_id
)

select * from final
order by
    score_month nulls last,
    unit_id nulls last,
    dimension_code nulls last,
    erratum_id nulls last
