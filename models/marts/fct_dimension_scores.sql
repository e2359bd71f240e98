-- One row per score month, unit and dimension that its group is assessed in: the weight less
-- everything lost, plus adjustments, never below 0.
with

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
        months.stage,
        dimension_code,
        dimensions.dimension_name,
        weights.weight,
        coalesce(adjustments.adjustment_points, 0) as adjustment_points,
        weights.weight
        - losses.points_lost
        + coalesce(adjustments.adjustment_points, 0) as unkept_score
    from {{ ref('dim_units') }} as units
    inner join {{ ref('int_dimension_weights_monthly') }} as weights
        using (score_month, city_code, group_code)
    inner join {{ ref('dimensions') }} as dimensions using (dimension_code)
    inner join {{ ref('int_score_months') }} as months using (score_month)
    left join losses using (score_month, unit_id, dimension_code)
    left join adjustments using (score_month, unit_id, dimension_code)
)

select
    score_month,
    stage,
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
    cast(case when unkept_score < 0 then 0 else unkept_score end as decimal(18, 10)) as score
from joined
{{ in_order('score_month', 'unit_id', 'dimension_code') }}
