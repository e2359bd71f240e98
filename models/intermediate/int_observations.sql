-- One row per score month, unit and indicator that the unit's group reports, whether or not
-- anything was received for it. Status by SDMX CL_OBS_STATUS: A normal, M not applicable, I
-- imputed, L missing.
with

-- What was received comes first; an imputed value only fills a gap, as does one counted from case
-- records, which stands in no row. A unit that stands twice counts once, by its first row;
-- `input_problems` names the others.
cells as (
    select
        *,
        row_number() over (
            partition by score_month, feed_code, unit_id, column_name
            order by
                case
                    when cell_text is null then 3
                    when is_imputed then 1
                    when row_no is null then 2
                    else 0
                end asc,
                coalesce(row_no, 0) asc nulls last
        ) as preference
    from (
        select * from {{ ref('int_cells_corrected') }}
        {%- if var('case_path', none) %}
        union all by name
        select * from {{ ref('int_case_cells') }}
        {%- endif %}
    )
    where unit_id is not null and feed_kind = 'indicators'
),

matched as (
    select
        units.city_code,
        units.unit_id,
        units.unit_name,
        group_code,
        indicators.dimension_code,
        indicators.indicator_code,
        indicators.value_type,
        indicators.valid_min,
        indicators.valid_max,
        indicators.is_required,
        cells.source_file,
        cells.row_no as source_row,
        cells.printed_value,
        cells.corrected_value,
        cells.cell_text,
        cells.cell_value as obs_value,
        case
            when indicators.value_type = 'text' and not cells.is_not_applicable
                then nullif(trim(cells.corrected_value), '')
        end as obs_text,
        cells.erratum_id,
        coalesce(cells.is_imputed, false) as is_imputed,
        coalesce(cells.is_not_applicable, false) as is_not_applicable,
        units.score_month
    from {{ ref('int_units_monthly') }} as units
    inner join {{ ref('int_group_indicators_monthly') }} as indicators
        using (score_month, group_code)
    left join cells
        on
            units.score_month = cells.score_month
            and units.unit_id = cells.unit_id
            and indicators.dimension_code = cells.feed_code
            and indicators.indicator_code = cells.column_name
            and cells.preference = 1
)

select
    city_code,
    unit_id,
    unit_name,
    group_code,
    dimension_code,
    indicator_code,
    value_type,
    valid_min,
    valid_max,
    is_required,
    obs_value,
    obs_text,
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
    or obs_text is not null as is_readable,
    score_month
from matched
