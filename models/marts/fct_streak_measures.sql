-- One row per score month, unit and rule for streaks whose condition has held in as many months
-- running as the rule asks for, this one included.
with

-- Of several indicators the one that has lasted longest comes first.
lasting as (
    select
        runs.*,
        rules.condition_kind,
        rules.threshold,
        rules.measure,
        rules.document_code,
        rules.exemption,
        rules.reason,
        rules.basis,
        rules.evidence,
        row_number() over (
            partition by runs.score_month, runs.streak_rule_id, runs.unit_id
            order by runs.months_in_a_row desc nulls last, runs.indicator_code asc nulls last
        ) as streak_no,
        runs.indicator_name
        || case
            when runs.indicator_code is null then ''
            else '（' || cast(runs.months_in_a_row as string) || '个月）'
        end as faulty_indicator
    from {{ ref('int_streak_runs') }} as runs
    inner join {{ ref('int_streak_rules_monthly') }} as rules
        on
            runs.score_month = rules.score_month
            and runs.streak_rule_id = rules.streak_rule_id
    where runs.months_in_a_row > 0 and runs.months_in_a_row >= rules.least_month_count
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
    units.unit_name,
    units.group_code,
    streak_rule_id,
    lasting.condition_kind,
    lasting.measure,
    lasting.document_code,
    lasting.months_in_a_row,
    lasting.first_month,
    lasting.streak_starts_because,
    {{ filled(
        'lasting.reason',
        {
            'indicators': 'named.faulty_indicators',
            'months': 'cast(lasting.months_in_a_row as string)',
            'threshold': "coalesce(" ~ plain_number('lasting.threshold') ~ ", '')",
            'score': 'cast(units.composite_score as string)',
            'rank': 'cast(units.score_rank as string)',
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
inner join {{ ref('fct_composite_scores') }} as units using (score_month, unit_id)
left join targets using (score_month, unit_id)
where lasting.streak_no = 1
{{ in_order('score_month', 'unit_id', 'streak_rule_id') }}
