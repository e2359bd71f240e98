-- One row per score month, unit and dimension that its group is assessed in: the weight less
-- everything lost, plus adjustments, never below 0.
with

units as (
    select * from {{ ref('dim_units') }}
),

dimensions as (
    select * from {{ ref('dimensions') }}
),

weights as (
    select * from {{ ref('int_dimension_weights_monthly') }}
),

-- A loss that is not known makes the sum unknown: NULL is never skipped.
losses as (
    select
        score_month,
        unit_id,
        dimension_code,
        case when count(*) = count(points_lost) then sum(points_lost) end as points_lost
    from {{ ref('fct_indicator_scores') }}
    group by score_month, unit_id, dimension_code
),

adjustments as (
    select
        score_month,
        unit_id,
        dimension_code,
        sum(adjustment_points) as adjustment_points
    from {{ ref('int_adjustments_monthly') }}
    group by score_month, unit_id, dimension_code
),

joined as (
    select
        units.*,
        weights.dimension_code,
        dimensions.dimension_name,
        weights.weight,
        losses.points_lost,
        coalesce(adjustments.adjustment_points, 0) as adjustment_points
    from units
    inner join weights
        on
            units.score_month = weights.score_month
            and units.city_code = weights.city_code
            and units.group_code = weights.group_code
    inner join dimensions on weights.dimension_code = dimensions.dimension_code
    left join losses
        on
            units.score_month = losses.score_month
            and units.unit_id = losses.unit_id
            and weights.dimension_code = losses.dimension_code
    left join adjustments
        on
            units.score_month = adjustments.score_month
            and units.unit_id = adjustments.unit_id
            and weights.dimension_code = adjustments.dimension_code
),

final as (
    select
        score_month,
        city_code,
        city_name,
        unit_id,
        unit_name,
        group_code,
        group_name,
        dimension_code,
        dimension_name,
        weight,
        cast(adjustment_points as decimal(6, 3)) as adjustment_points,
        cast(
            case
                when weight - points_lost + adjustment_points < 0 then 0
                else weight - points_lost + adjustment_points
            end as decimal(18, 10)
        ) as score
    from joined
)

select * from final
order by score_month nulls last, unit_id nulls last, dimension_code nulls last
