-- One row per score month, unit and indicator that the unit's group reports: the value and the cell
-- it came from, with its SDMX status.
with

observations as (
    select * from {{ ref('int_observations') }}
),

units as (
    select * from {{ ref('dim_units') }}
),

indicators as (
    select * from {{ ref('dim_indicators') }}
),

final as (
    select
        observations.score_month,
        observations.city_code,
        units.city_name,
        observations.unit_id,
        observations.unit_name,
        observations.group_code,
        units.group_name,
        observations.dimension_code,
        indicators.dimension_name,
        observations.indicator_code,
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
    from observations
    inner join units
        on
            observations.score_month = units.score_month
            and observations.unit_id = units.unit_id
    inner join indicators
        on
            observations.score_month = indicators.score_month
            and observations.indicator_code = indicators.indicator_code
)

select * from final
order by
    score_month nulls last,
    unit_id nulls last,
    dimension_code nulls last,
    indicator_code nulls last
