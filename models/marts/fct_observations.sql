-- One row per score month, unit and indicator that the unit's group reports: the value and the cell
-- it came from, with its SDMX status.
select
    score_month,
    observations.city_code,
    units.city_name,
    unit_id,
    observations.unit_name,
    observations.group_code,
    units.group_name,
    observations.dimension_code,
    indicators.dimension_name,
    indicator_code,
    indicators.indicator_name,
    observations.obs_value,
    observations.obs_text,
    observations.obs_status,
    observations.source_file,
    observations.source_row,
    observations.printed_value,
    observations.corrected_value,
    observations.erratum_id,
    observations.is_readable
from {{ ref('int_observations') }} as observations
inner join {{ ref('dim_units') }} as units using (score_month, unit_id)
inner join {{ ref('dim_indicators') }} as indicators using (score_month, indicator_code)
{{ in_order('score_month', 'unit_id', 'observations.dimension_code', 'indicator_code') }}
