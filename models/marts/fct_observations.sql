-- One row per score month, unit and indicator that the unit's group reports, whether or not
-- anything was received for it: the value and the cell it came from. Status by SDMX CL_OBS_STATUS:
-- A normal, M not applicable, I imputed, L missing.
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
        units.score_month,
        units.city_code,
        units.city_name,
        units.unit_id,
        units.unit_name,
        group_code,
        units.group_name,
        group_indicators.dimension_code,
        indicators.dimension_name,
        indicator_code,
        indicators.indicator_name,
        cells.cell_value as obs_value,
        case
            when indicators.value_type = 'text' and not cells.is_not_applicable
                then nullif(trim(cells.corrected_value), '')
        end as obs_text,
        cells.source_file,
        cells.row_no as source_row,
        cells.printed_value,
        cells.corrected_value,
        cells.cell_text,
        cells.erratum_id,
        coalesce(cells.is_imputed, false) as is_imputed,
        coalesce(cells.is_not_applicable, false) as is_not_applicable
    from {{ ref('dim_units') }} as units
    inner join {{ ref('int_group_indicators_monthly') }} as group_indicators
        using (score_month, group_code)
    inner join {{ ref('dim_indicators') }} as indicators using (score_month, indicator_code)
    left join cells
        on
            units.score_month = cells.score_month
            and units.unit_id = cells.unit_id
            and group_indicators.dimension_code = cells.feed_code
            and indicators.indicator_code = cells.column_name
            and cells.preference = 1
)

select
    score_month,
    city_code,
    city_name,
    unit_id,
    unit_name,
    group_code,
    group_name,
    dimension_code,
    dimension_name,
    indicator_code,
    indicator_name,
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
    or obs_text is not null as is_readable
from matched
{{ in_order('score_month', 'unit_id', 'dimension_code', 'indicator_code') }}
