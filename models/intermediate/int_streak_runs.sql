-- One row per score month, rule for streaks, unit and, where the rule looks at each, indicator, if
-- the rule's condition holds or cannot be told: in how many months running it has held, this one
-- included. A month that cannot be compared with the one before begins a run anew, as does the
-- first month of the rule itself or of another condition.
with

units as (
    select
        changes.*,
        {{ published('changes.exact_score') }} as composite_score,
        rank() over (
            partition by score_month, changes.city_code, changes.group_code
            order by changes.exact_score asc nulls last
        ) as place_from_last,
        case
            when changes.previous_month is null then 'no_earlier_month'
            when not changes.is_consecutive then 'month_missing'
            when changes.group_code != changes.previous_group_code then 'group_changed'
        end as unit_stop,
        coalesce(previous_rules.is_comparable, false) as is_same_rule
    from {{ ref('fct_monthly_changes') }} as changes
    left join {{ ref('fct_scores_by_previous_rules') }} as previous_rules
        using (score_month, unit_id)
    where {{ is_new('score_month') }}
),

indicators as (
    select
        score_month,
        unit_id,
        indicator_code,
        scores.indicator_name,
        coalesce(rules.is_fault and scores.points_lost > 0, false) as is_faulty,
        coalesce(changes.is_same_rule, false) as is_same_rule
    from {{ ref('fct_indicator_scores') }} as scores
    inner join {{ ref('dim_rules') }} as rules using (score_month, rule_id)
    left join {{ ref('int_indicator_changes') }} as changes
        using (score_month, unit_id, indicator_code)
    where {{ is_new('score_month') }}
),

-- What a condition is about: an indicator of a unit, or the unit as a whole.
subjects as (
    select * from indicators
    union all
    select
        units.score_month,
        units.unit_id,
        cast(null as string) as indicator_code,
        faults.indicator_names as indicator_name,
        faults.unit_id is not null as is_faulty,
        units.is_same_rule
    from units
    left join (
        select
            score_month,
            unit_id,
            {{ joined_texts('indicator_name', '、', 'indicator_code') }} as indicator_names
        from indicators
        where is_faulty
        group by score_month, unit_id
    ) as faults
        on units.score_month = faults.score_month and units.unit_id = faults.unit_id
),

compared as (
    select
        rules.score_month,
        rules.streak_rule_id,
        rules.condition_kind,
        rules.threshold,
        units.city_code,
        units.unit_id,
        units.composite_score,
        units.score_rank,
        units.place_from_last,
        units.previous_month,
        case when units.unit_stop is null and units.is_same_rule then units.score_change > 0 end
            as has_improved,
        subjects.indicator_code,
        subjects.indicator_name,
        subjects.is_faulty,
        coalesce(
            units.unit_stop,
            case
                when not subjects.is_same_rule then 'rules_changed'
                when earlier_rules.streak_rule_id is null then 'rule_began'
            end
        ) as stopped_by
    from {{ ref('int_streak_rules_monthly') }} as rules
    inner join subjects
        on
            rules.score_month = subjects.score_month
            and (rules.condition_kind = 'repeated_fault') = (subjects.indicator_code is not null)
    inner join units
        on subjects.score_month = units.score_month and subjects.unit_id = units.unit_id
    left join {{ ref('int_streak_rules_monthly') }} as earlier_rules
        on
            units.previous_month = earlier_rules.score_month
            and rules.streak_rule_id = earlier_rules.streak_rule_id
            and rules.condition_kind = earlier_rules.condition_kind
),

-- Whether a score has improved on one that it cannot be compared with is not known.
judged as (
    select
        *,
        case condition_kind
            when 'last_places' then place_from_last <= threshold and score_rank > 1
            when 'score_below' then composite_score < threshold
            when 'not_improving' then not has_improved
            else is_faulty
        end as holds
    from compared
),

held as (
    select
        score_month,
        city_code,
        streak_rule_id,
        unit_id,
        indicator_code,
        indicator_name,
        is_faulty,
        has_improved,
        previous_month,
        stopped_by,
        case when holds then 1 else 0 end as months_in_a_row,
        case when holds then score_month end as first_month,
        coalesce(stopped_by, 'condition_began') as streak_starts_because
    from judged
    where coalesce(holds, true)
    {{ newest_kept(
        ['streak_rule_id', 'unit_id', 'indicator_code'],
        [
            'score_month', 'city_code', 'streak_rule_id', 'unit_id', 'indicator_code',
            'indicator_name', 'is_faulty', 'has_improved', 'cast(null as date)',
            'cast(null as string)', 'months_in_a_row', 'first_month', 'streak_starts_because',
        ],
    ) }}
),

continued as (
    select
        *,
        stopped_by is null
        and previous_month = lag(score_month) over (
            partition by streak_rule_id, unit_id, indicator_code order by score_month nulls last
        ) as is_continued
    from held
),

numbered as (
    select
        *,
        sum(case when is_continued then 0 else 1 end) over (
            partition by streak_rule_id, unit_id, indicator_code order by score_month nulls last
        ) as run_no
    from continued
)

select
    score_month,
    city_code,
    streak_rule_id,
    unit_id,
    indicator_code,
    indicator_name,
    is_faulty,
    has_improved,
    cast(sum(months_in_a_row) over run_months as integer) as months_in_a_row,
    min(first_month) over run_months as first_month,
    first_value(streak_starts_because) over run_months as streak_starts_because
from numbered
window run_months as (
    partition by streak_rule_id, unit_id, indicator_code, run_no order by score_month nulls last
)
