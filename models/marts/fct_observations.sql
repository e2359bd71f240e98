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

-- A unit that stands twice counts once, by its first row; `input_problems` names the others.
received as (
    select * exclude (occurrence)
    from (
        select
            *,
            row_number() over (
                partition by score_month, feed, unit_id, column_name order by row_no nulls last
            ) as occurrence
        from cells
        where not is_imputed
    ) as numbered
    where occurrence = 1
),

imputed as (
    select * from cells
    where is_imputed
),

-- What was received comes first; an imputed value only fills a gap.
matched as (
    select
        expected.*,
        received.source_file,
        received.row_no as source_row,
        received.printed_value,
        coalesce(received.cell_text, imputed.cell_text) as cell_text,
        case
            when received.cell_text is null then imputed.erratum_id
            else received.erratum_id
        end as erratum_id,
        coalesce(received.cell_text is null and imputed.cell_text is not null, false) as is_imputed
    from expected
    left join received
        on
            expected.score_month = received.score_month
            and expected.unit_id = received.unit_id
            and expected.dimension_code = received.feed
            and expected.indicator_code = received.column_name
    left join imputed
        on
            expected.score_month = imputed.score_month
            and expected.unit_id = imputed.unit_id
            and expected.dimension_code = imputed.feed
            and expected.indicator_code = imputed.column_name
),

typed as (
    select
        *,
        {{ parse_number('cell_text', 'value_type') }} as obs_value,
        case when value_type = 'text' then cell_text end as obs_text,
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
