-- One row per score month and B-group department: annex 2, summary of scores, in the printed
-- order.
with

scores as (
    select * from {{ ref('int_scores_pivoted') }}
    where group_code = 'B'
),

observations as (
    select * from {{ ref('int_observations_pivoted') }}
),

final as (
    select
        scores.score_month,
        scores.sequence_no,
        scores.unit_name,
        {{ published('scores.service_items_score') }} as service_items_score,
        observations.issuance_rate,
        observations.backfill_rate,
        observations.seal_rate,
        observations.new_seal_rate,
        {{ published('scores.licenses_score') }} as licenses_score,
        observations.overdue_case_count,
        observations.negative_review_count,
        observations.rectification_rate,
        {{ published('scores.efficiency_score') }} as efficiency_score,
        observations.connected_app_count,
        observations.app_fault_count,
        {{ published('scores.subsites_score', decimals=3) }} as subsites_score,
        {{ published('scores.supervision_score') }} as supervision_score,
        {{ published('scores.special_work_score') }} as special_work_score,
        scores.composite_score
    from scores
    inner join observations
        on
            scores.score_month = observations.score_month
            and scores.unit_id = observations.unit_id
)

select * from final
order by score_month asc nulls last, sequence_no asc nulls last
