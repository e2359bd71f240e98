-- One row per score month, unit and indicator by which the unit lost points for a fault, as the
-- month's cells and those before show it: from the month in which it is found to the one that shows
-- it closed or in which it is no longer assessed, and again from the month in which it comes back.
with

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
    from {{ ref('int_fault_states') }}
    where is_final = is_of_final and (is_lost or was_open)
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
    named.city_code,
    named.unit_id,
    coalesce(units.unit_name, earlier.unit_name) as unit_name,
    coalesce(units.group_code, earlier.group_code) as group_code,
    indicators.dimension_code,
    dimensions.dimension_name,
    named.indicator_code,
    indicators.indicator_name,
    named.status,
    statuses.status_name,
    noted.notes,
    case when named.is_lost is not null then scores.obs_value end as obs_value,
    case when named.is_lost is not null then scores.points_lost end as points_lost,
    named.found_month,
    named.opened_month,
    case when named.status in ('closed', 'discontinued') then named.score_month end
        as closed_month,
    terms.ends_on as term_ends_on,
    terms.basis_name as term_basis_name,
    cast(
        {{ days_between('last_day(named.opened_month)', 'last_day(named.score_month)') }} as integer
    ) as open_day_count,
    named.lost_count - 1 as repeat_count,
    named.opened_count - 1 as reopen_count,
    -- Cells tell months, not days: those of the month of the due date decide.
    case
        when
            named.lost_month > named.opened_month
            and last_day(named.lost_month) >= terms.ends_on
            then false
        when not named.is_lost and named.score_month <= terms.ends_on then true
    end as is_in_time
from named
inner join {{ ref('rectification_statuses') }} as statuses on named.status = statuses.status
inner join {{ ref('indicators') }} as indicators
    on named.indicator_code = indicators.indicator_code
inner join {{ ref('dimensions') }} as dimensions
    on indicators.dimension_code = dimensions.dimension_code
-- One that is no longer assessed is called as it was when it lost points.
inner join {{ ref('dim_units') }} as earlier
    on named.lost_month = earlier.score_month and named.unit_id = earlier.unit_id
left join {{ ref('dim_units') }} as units
    on named.score_month = units.score_month and named.unit_id = units.unit_id
-- A term runs from the bulletin that names the fault.
left join (
    select
        score_month as opened_month,
        in_force.rule_kind,
        bases.basis_name,
        months.published_on + in_force.days as ends_on
    from {{ ref('int_rectification_terms_monthly') }} as in_force
    inner join {{ ref('dim_months') }} as months using (score_month)
    inner join {{ ref('rule_bases') }} as bases using (basis)
) as terms
    on named.opened_month = terms.opened_month and named.rule_kind = terms.rule_kind
left join {{ ref('fct_indicator_scores') }} as scores
    on
        named.score_month = scores.score_month
        and named.unit_id = scores.unit_id
        and named.indicator_code = scores.indicator_code
left join noted
    on
        named.score_month = noted.score_month
        and named.unit_id = noted.unit_id
        and named.indicator_code = noted.indicator_code
{{ in_order(
    'named.score_month', 'named.unit_id', 'indicators.dimension_code', 'named.indicator_code',
) }}
