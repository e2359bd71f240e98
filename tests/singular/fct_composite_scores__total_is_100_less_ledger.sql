-- Every unit in force has a total; it is the sum of its dimensions, and 100 less what the
-- ledger lists.
with

totals as (
    select
        score_month,
        unit_id,
        sum(score) as dimension_sum
    from {{ ref('fct_dimension_scores') }}
    group by score_month, unit_id
),

ledger as (
    select
        score_month,
        unit_id,
        sum(points_lost) as points_lost
    from {{ ref('points_lost_ledger') }}
    group by score_month, unit_id
)

select
    score_month,
    unit_id,
    scores.exact_score,
    totals.dimension_sum,
    ledger.points_lost
from {{ ref('int_units_monthly') }}
full join {{ ref('fct_composite_scores') }} as scores using (score_month, unit_id)
full join totals using (score_month, unit_id)
full join ledger using (score_month, unit_id)
where
    scores.exact_score is null
    or scores.exact_score is distinct from totals.dimension_sum
    or scores.exact_score is distinct from 100 - coalesce(ledger.points_lost, 0)
