-- A unit's effects sum to the change of its total; a floor takes part only in a dimension that is
-- down to 0 in one of the months; by unchanged rules the total is the published one.
with

effects as (
    select
        score_month,
        unit_id,
        sum(effect) as effect
    from {{ ref('fct_score_change_effects') }}
    group by score_month, unit_id
),

floors as (
    select
        floors.score_month,
        floors.unit_id,
        count(*) as floor_count,
        count(case when scores.score = 0 then 1 end) as zero_count
    from {{ ref('fct_score_change_effects') }} as floors
    inner join {{ ref('fct_dimension_scores') }} as scores
        on
            floors.unit_id = scores.unit_id
            and floors.dimension_code = scores.dimension_code
            and scores.score_month in (floors.score_month, floors.previous_month)
    where floors.cause = 'dimension_floor'
    group by floors.score_month, floors.unit_id, floors.dimension_code
)

select
    changes.score_month,
    changes.unit_id,
    changes.score_change,
    effects.effect,
    floors.floor_count
from {{ ref('fct_monthly_changes') }} as changes
left join effects using (score_month, unit_id)
left join floors
    on
        changes.score_month = floors.score_month
        and changes.unit_id = floors.unit_id
        and floors.zero_count = 0
left join {{ ref('fct_scores_by_previous_rules') }} as by_previous_rules
    on
        changes.score_month = by_previous_rules.score_month
        and changes.unit_id = by_previous_rules.unit_id
where
    changes.score_change is not null
    and (
        coalesce(effects.effect, 0) != changes.score_change
        or floors.unit_id is not null
        or by_previous_rules.unit_id is null
        or by_previous_rules.is_comparable
        and by_previous_rules.score_by_previous_rules != changes.exact_score
    )
