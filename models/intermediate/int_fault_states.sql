-- One row per score month of a city and indicator by which a unit has lost points for a fault up to
-- then: since when and how often. What is final knows nothing of drafts, so months are followed
-- with them and without.
with

-- What is not applicable says nothing of a fault.
judged as (
    select
        score_month,
        scores.city_code,
        scores.unit_id,
        scores.indicator_code,
        rules.rule_kind,
        case when scores.obs_status != 'M' then scores.points_lost > 0 end as is_lost
    from {{ ref('fct_indicator_scores') }} as scores
    inner join {{ ref('dim_rules') }} as rules using (score_month, rule_id)
    where rules.is_fault and {{ is_new('score_month') }}
),

months as (
    select
        city_code,
        stage = 'final' as is_final,
        {{ one_row_each(['true', 'false']) }} as is_of_final,
        score_month
    from {{ ref('fct_indicator_scores') }}
    where {{ is_new('score_month') }}
    group by city_code, stage, score_month
),

faults as (
    select
        city_code,
        unit_id,
        indicator_code,
        min(score_month) as first_month
    from (
        select
            score_month,
            city_code,
            unit_id,
            indicator_code
        from judged
        where is_lost
        {{ newest_kept(
            ['unit_id', 'indicator_code'],
            ['score_month', 'city_code', 'unit_id', 'indicator_code'],
        ) }}
    ) as found
    group by city_code, unit_id, indicator_code
),

followed as (
    select
        months.score_month,
        months.city_code,
        faults.unit_id,
        faults.indicator_code,
        months.is_final,
        months.is_of_final,
        cells.unit_id is not null as is_assessed,
        cells.is_lost,
        cells.rule_kind,
        cast(null as date) as opened_month,
        case when cells.is_lost then months.score_month end as lost_month,
        case when not cells.is_lost or cells.unit_id is null then months.score_month end
            as ended_month,
        case when cells.is_lost then months.score_month end as found_month,
        case when cells.is_lost then 1 else 0 end as lost_count,
        0 as opened_count
    from faults
    inner join months
        on
            faults.city_code = months.city_code
            and faults.first_month <= months.score_month
            and (months.is_final or not months.is_of_final)
    left join judged as cells
        on
            months.score_month = cells.score_month
            and faults.unit_id = cells.unit_id
            and faults.indicator_code = cells.indicator_code
    {{ newest_kept(
        ['unit_id', 'indicator_code', 'is_of_final'],
        [
            'score_month', 'city_code', 'unit_id', 'indicator_code', 'is_final', 'is_of_final',
            'is_assessed', 'cast(null as boolean)', 'rule_kind', 'opened_month', 'lost_month',
            'ended_month', 'found_month', 'lost_count', 'opened_count',
        ],
    ) }}
),

opened as (
    select
        *,
        is_lost and not was_open as is_opened
    from (
        select
            *,
            coalesce(
                max(lost_month) over earlier_months > max(ended_month) over earlier_months,
                max(lost_month) over earlier_months is not null
            ) as was_open
        from followed
        window earlier_months as (
            partition by unit_id, indicator_code, is_of_final order by score_month nulls last
            rows between unbounded preceding and 1 preceding
        )
    ) as seen
),

counted as (
    select
        score_month,
        city_code,
        unit_id,
        indicator_code,
        is_final,
        is_of_final,
        is_assessed,
        is_lost,
        was_open,
        rule_kind,
        min(found_month) over months_so_far as found_month,
        max(case when is_opened then score_month else opened_month end) over months_so_far
            as opened_month,
        max(lost_month) over months_so_far as lost_month,
        max(ended_month) over months_so_far as ended_month,
        sum(lost_count) over months_so_far as lost_count,
        sum(case when is_opened then 1 else opened_count end) over months_so_far as opened_count
    from opened
    window months_so_far as (
        partition by unit_id, indicator_code, is_of_final order by score_month nulls last
    )
)

select
    score_month,
    city_code,
    unit_id,
    indicator_code,
    is_final,
    is_of_final,
    is_assessed,
    is_lost,
    was_open,
    first_value(rule_kind) over (
        partition by unit_id, indicator_code, is_of_final, opened_month
        order by score_month nulls last
    ) as rule_kind,
    found_month,
    opened_month,
    lost_month,
    ended_month,
    cast(lost_count as integer) as lost_count,
    cast(opened_count as integer) as opened_count
from counted
