-- One row per score month, unit and indicator that the unit's group reports, whether or not
-- anything was received for it. Status by SDMX CL_OBS_STATUS: A normal, M not applicable, I
-- imputed, L missing.
with

units as (
    select * from {{ ref('int_units_monthly') }}
),

group_indicators as (
    select * from {{ ref('int_group_indicators_monthly') }}
),

cells as (
    select
        *,
        {{ clean_text('corrected_value') }} as cell_text
    from {{ ref('int_cells_corrected') }}
    where unit_id is not null
),

expected as (
    select
        units.score_month,
        units.city_code,
        units.unit_id,
        units.unit_name,
        units.group_code,
        group_indicators.dimension_code,
        group_indicators.indicator_code,
        group_indicators.value_type
    from units
    inner join group_indicators
        on
            units.score_month = group_indicators.score_month
            and units.group_code = group_indicators.group_code
),

-- What was received comes first; an imputed value only fills a gap. A unit that stands twice counts
-- once, by its first row; `input_problems` names the others.
chosen as (
    select *
    from (
        select
            *,
            row_number() over (
                partition by score_month, feed, unit_id, column_name
                order by
                    case when cell_text is null then 2 when is_imputed then 1 else 0 end asc,
                    row_no asc nulls last
            ) as preference
        from cells
    ) as numbered
    where preference = 1
),

matched as (
    select
        expected.*,
        chosen.source_file,
        chosen.row_no as source_row,
        chosen.printed_value,
        chosen.corrected_value,
        chosen.cell_text,
        chosen.erratum_id,
        coalesce(chosen.is_imputed, false) as is_imputed
    from expected
    left join chosen
        on
            expected.score_month = chosen.score_month
            and expected.unit_id = chosen.unit_id
            and expected.dimension_code = chosen.feed
            and expected.indicator_code = chosen.column_name
),

typed as (
    select
        *,
        {{ parse_number('cell_text', 'value_type') }} as obs_value,
        case when value_type = 'text' then nullif(trim(corrected_value), '') end as obs_text,
        coalesce(cell_text in ('—', '-'), false) as is_not_applicable
    from matched
),

final as (
    select
        score_month,
        city_code,
        unit_id,
        unit_name,
        group_code,
        dimension_code,
        indicator_code,
        obs_value,
        case when not is_not_applicable then obs_text end as obs_text,
        case
            when is_not_applicable then 'M'
            when obs_value is null and obs_text is null then 'L'
            when is_imputed then 'I'
            else 'A'
        end as obs_status,
        source_file,
        source_row,
        printed_value,
        corrected_value,
        erratum_id,
        cell_text is null
        or is_not_applicable
        or obs_value is not null
        or obs_text is not null as is_readable
    from typed
)

select * from final
order by
    score_month nulls last,
    unit_id nulls last,
    dimension_code nulls last,
    indicator_code nulls last
