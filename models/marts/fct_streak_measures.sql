-- One row per score month, unit and rule for streaks whose condition has held in as many months
-- running as the rule asks for, this one included. A month that cannot be compared with the one
-- before begins a streak anew, as does the first month of the rule itself.
with

streak_rules as (
    {{ in_force(
        ref('streak_rules'), ['streak_rule_id'],
        [
            'streak_rule_id', 'condition_kind', 'least_month_count',
            'cast(threshold as decimal(9, 2)) as threshold',
            'measure', 'document_code', 'exemption', 'reason', 'basis', 'evidence',
        ],
    ) }}
),

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
        streak_rules.*,
        units.city_code,
        units.unit_id,
        units.unit_name,
        units.group_code,
        units.composite_score,
        units.score_rank,
        units.place_from_last,
        units.previous_month,
        units.score_change,
        case when units.unit_stop is null and units.is_same_rule then units.score_change > 0 end
            as has_improved,
        subjects.indicator_code,
        subjects.indicator_name,
        subjects.is_faulty,
        coalesce(units.unit_stop, case when not subjects.is_same_rule then 'rules_changed' end)
            as comparison_stop
    from streak_rules
    inner join subjects
        on
            streak_rules.score_month = subjects.score_month
            and (streak_rules.condition_kind = 'repeated_fault')
            = (subjects.indicator_code is not null)
    inner join units
        on subjects.score_month = units.score_month and subjects.unit_id = units.unit_id
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
        end as holds,
        coalesce(
            comparison_stop,
            case
                when previous_month is distinct from lag(score_month) over (
                    partition by streak_rule_id, unit_id, indicator_code
                    order by score_month nulls last
                ) then 'rule_began'
            end
        ) as stopped_by
    from compared
),

-- A run begins with a month in which the condition did not hold, or with one that stands alone.
numbered as (
    select
        *,
        sum(case when holds and stopped_by is null then 0 else 1 end) over (
            partition by streak_rule_id, unit_id, indicator_code order by score_month nulls last
        ) as run_no
    from judged
),

counted as (
    select
        *,
        count(case when holds then 1 end) over run_months as months_in_a_row,
        min(case when holds then score_month end) over run_months as first_month,
        first_value(case when not holds then 'condition_began' else stopped_by end) over run_months
            as streak_starts_because
    from numbered
    window run_months as (
        partition by streak_rule_id, unit_id, indicator_code, run_no
        order by score_month nulls last
    )
),

-- Of several indicators the one that has lasted longest comes first.
lasting as (
    select
        *,
        row_number() over (
            partition by score_month, streak_rule_id, unit_id
            order by months_in_a_row desc nulls last, indicator_code asc nulls last
        ) as streak_no,
        indicator_name
        || case
            when indicator_code is null then ''
            else '（' || cast(months_in_a_row as string) || '个月）'
        end as faulty_indicator
    from counted
    where holds and months_in_a_row >= least_month_count
),

named as (
    select
        score_month,
        streak_rule_id,
        unit_id,
        coalesce({{ joined_texts('faulty_indicator', '、', 'streak_no') }}, '') as faulty_indicators
    from lasting
    group by score_month, streak_rule_id, unit_id
),

targets as (
    select
        score_month,
        unit_id,
        min(case when is_reached then 1 else 0 end) = 1 as are_reached
    from {{ ref('fct_target_distances') }}
    group by score_month, unit_id
)

select
    score_month,
    lasting.city_code,
    unit_id,
    lasting.unit_name,
    lasting.group_code,
    streak_rule_id,
    lasting.condition_kind,
    lasting.measure,
    lasting.document_code,
    cast(lasting.months_in_a_row as integer) as months_in_a_row,
    lasting.first_month,
    lasting.streak_starts_because,
    {{ filled(
        'lasting.reason',
        {
            'indicators': 'named.faulty_indicators',
            'months': 'cast(lasting.months_in_a_row as string)',
            'threshold': "coalesce(" ~ plain_number('lasting.threshold') ~ ", '')",
            'score': 'cast(lasting.composite_score as string)',
            'rank': 'cast(lasting.score_rank as string)',
        },
    ) }} as reason,
    lasting.exemption,
    coalesce(
        case lasting.exemption
            when 'all_at_target' then targets.are_reached
            when 'no_fault' then not lasting.is_faulty
            when 'improved' then lasting.has_improved
        end,
        false
    ) as is_exempt,
    lasting.basis,
    lasting.evidence
from lasting
inner join named using (score_month, streak_rule_id, unit_id)
left join targets using (score_month, unit_id)
where lasting.streak_no = 1
{{ in_order('score_month', 'unit_id', 'streak_rule_id') }}
