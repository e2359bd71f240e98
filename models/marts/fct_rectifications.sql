-- One row per score month, unit and indicator by which the unit lost points for a fault, as the
-- month's cells and those before show it: from the month in which it is found to the one that shows
-- it closed or in which it is no longer assessed, and again from the month in which it comes back.
with

-- What is not applicable says nothing of a fault. A term runs from the bulletin that names it.
judged as (
    select
        score_month,
        scores.city_code,
        scores.unit_id,
        scores.indicator_code,
        bases.basis_name as term_basis_name,
        case when scores.obs_status != 'M' then scores.points_lost > 0 end as is_lost,
        months.published_on + terms.days as term_ends_on
    from {{ ref('fct_indicator_scores') }} as scores
    inner join {{ ref('dim_rules') }} as rules using (score_month, rule_id)
    inner join {{ ref('dim_months') }} as months using (score_month)
    left join {{ ref('int_rectification_terms_monthly') }} as terms using (score_month, rule_kind)
    left join {{ ref('rule_bases') }} as bases on terms.basis = bases.basis
    where rules.is_fault
),

-- What is final knows nothing of drafts, so months are followed with them and without.
months as (
    select
        city_code,
        stage = 'final' as is_final,
        {{ one_row_each(['true', 'false']) }} as is_of_final,
        score_month
    from {{ ref('fct_indicator_scores') }}
    group by city_code, stage, score_month
),

followed as (
    select
        faults.unit_id,
        faults.indicator_code,
        cells.is_lost,
        cells.unit_id is not null as is_assessed,
        months.is_final,
        months.is_of_final,
        months.score_month,
        max(case when cells.is_lost then months.score_month end) over earlier_months
            as lost_before,
        max(
            case when not cells.is_lost or cells.unit_id is null then months.score_month end
        ) over earlier_months as ended_before
    from (
        select
            city_code,
            unit_id,
            indicator_code,
            min(score_month) as found_month
        from judged
        where is_lost
        group by city_code, unit_id, indicator_code
    ) as faults
    inner join months
        on
            faults.city_code = months.city_code
            and faults.found_month <= months.score_month
            and (months.is_final or not months.is_of_final)
    left join judged as cells
        on
            months.score_month = cells.score_month
            and faults.unit_id = cells.unit_id
            and faults.indicator_code = cells.indicator_code
    window earlier_months as (
        partition by faults.unit_id, faults.indicator_code, months.is_of_final
        order by months.score_month nulls last
        rows between unbounded preceding and 1 preceding
    )
),

listed as (
    select
        *,
        is_lost and not was_open as is_opened
    from (
        select
            *,
            coalesce(lost_before > ended_before, lost_before is not null) as was_open
        from followed
    ) as seen
    where is_lost or was_open
),

standing as (
    select
        *,
        min(score_month) over months_so_far as found_month,
        max(case when is_opened then score_month end) over months_so_far as opened_month,
        max(case when is_lost then score_month end) over months_so_far as lost_month,
        count(case when is_lost then 1 end) over months_so_far - 1 as repeat_count,
        count(case when is_opened then 1 end) over months_so_far - 1 as reopen_count
    from listed
    window months_so_far as (
        partition by unit_id, indicator_code, is_of_final order by score_month nulls last
    )
),

named as (
    select
        *,
        case
            when not is_assessed then 'discontinued'
            when is_lost is null then 'unverified'
            when not is_lost then 'closed'
            when found_month = score_month then 'found'
            when opened_month = score_month then 'reopened'
            else 'repeated'
        end as status
    from standing
    where is_final = is_of_final
),

noted as (
    select
        named.score_month,
        named.unit_id,
        named.indicator_code,
        {{ joined_texts(
            "cast(notes.noted_on as string) || '：' || notes.note", '；', 'notes.noted_on, notes.note'
        ) }} as notes
    from {{ ref('rectification_notes') }} as notes
    inner join {{ ref('dim_units') }} as units
        on
            notes.score_month = units.score_month
            and notes.unit_name = units.unit_name
            and coalesce(notes.city_code, units.city_code) = units.city_code
    inner join named
        on
            units.unit_id = named.unit_id
            and notes.indicator_code = named.indicator_code
            and notes.score_month between named.opened_month and named.score_month
    group by named.score_month, named.unit_id, named.indicator_code
)

select
    named.score_month,
    shown.city_code,
    named.unit_id,
    coalesce(units.unit_name, shown.unit_name) as unit_name,
    coalesce(units.group_code, shown.group_code) as group_code,
    shown.dimension_code,
    shown.dimension_name,
    named.indicator_code,
    shown.indicator_name,
    named.status,
    statuses.status_name,
    noted.notes,
    case when named.is_lost is not null then shown.obs_value end as obs_value,
    case when named.is_lost is not null then shown.points_lost end as points_lost,
    named.found_month,
    named.opened_month,
    case when named.status in ('closed', 'discontinued') then named.score_month end
        as closed_month,
    opened.term_ends_on,
    opened.term_basis_name,
    cast(
        {{ days_between('last_day(named.opened_month)', 'last_day(named.score_month)') }} as integer
    ) as open_day_count,
    cast(named.repeat_count as integer) as repeat_count,
    cast(named.reopen_count as integer) as reopen_count,
    -- Cells tell months, not days: those of the month of the due date decide.
    case
        when
            named.lost_month > named.opened_month
            and last_day(named.lost_month) >= opened.term_ends_on
            then false
        when not named.is_lost and named.score_month <= opened.term_ends_on then true
    end as is_in_time
from named
inner join {{ ref('rectification_statuses') }} as statuses on named.status = statuses.status
inner join judged as opened
    on
        named.opened_month = opened.score_month
        and named.unit_id = opened.unit_id
        and named.indicator_code = opened.indicator_code
inner join {{ ref('fct_indicator_scores') }} as shown
    on
        case when named.is_lost is null then named.lost_month else named.score_month end
        = shown.score_month
        and named.unit_id = shown.unit_id
        and named.indicator_code = shown.indicator_code
left join {{ ref('dim_units') }} as units
    on named.score_month = units.score_month and named.unit_id = units.unit_id
left join noted
    on
        named.score_month = noted.score_month
        and named.unit_id = noted.unit_id
        and named.indicator_code = noted.indicator_code
{{ in_order('named.score_month', 'named.unit_id', 'shown.dimension_code', 'named.indicator_code') }}
