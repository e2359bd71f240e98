-- Every score is its weight less what the ledger lists for it, and every weighted dimension of
-- every unit has one.
with

expected as (
    select
        score_month,
        units.unit_id,
        weights.dimension_code,
        weights.weight
    from {{ ref('int_units_monthly') }} as units
    inner join {{ ref('int_dimension_weights_monthly') }} as weights
        using (score_month, city_code, group_code)
),

ledger as (
    select
        score_month,
        unit_id,
        dimension_code,
        sum(points_lost) as points_lost
    from {{ ref('points_lost_ledger') }}
    group by score_month, unit_id, dimension_code
)

select
    score_month,
    unit_id,
    dimension_code,
    expected.weight,
    ledger.points_lost,
    scores.score
from expected
full join {{ ref('fct_dimension_scores') }} as scores using (score_month, unit_id, dimension_code)
full join ledger using (score_month, unit_id, dimension_code)
where scores.score is distinct from expected.weight - coalesce(ledger.points_lost, 0)
