-- One row per month, unit and indicator that its group reports, or that the facts have.
with

wanted as (
    select
        units.score_month,
        units.city_code,
        units.unit_id,
        units.unit_name,
        indicators.indicator_code,
        indicators.indicator_name,
        indicators.valid_min,
        indicators.valid_max,
        indicators.is_required
    from marts.dim_units as units
    inner join intermediate.int_group_indicators_monthly as group_indicators
        on
            units.score_month = group_indicators.score_month
            and units.group_code = group_indicators.group_code
    inner join marts.dim_indicators as indicators
        on
            group_indicators.score_month = indicators.score_month
            and group_indicators.indicator_code = indicators.indicator_code
),

facts as (
    select
        score_month,
        city_code,
        unit_id,
        any_value(unit_name) as unit_name,
        indicator_code,
        any_value(indicator_name) as indicator_name,
        any_value(obs_value) as obs_value,
        any_value(obs_status) as obs_status,
        count(*) as row_count
    from marts.fct_observations
    group by score_month, city_code, unit_id, indicator_code
),

final as (
    select
        coalesce(wanted.score_month, facts.score_month) as score_month,
        coalesce(wanted.city_code, facts.city_code) as city_code,
        'fct_observations' as place,
        coalesce(wanted.unit_name, facts.unit_name) as unit_name,
        coalesce(wanted.indicator_code, facts.indicator_code) as column_name,
        coalesce(wanted.indicator_name, facts.indicator_name) as column_title,
        case when wanted.unit_id is null then 0 else 1 end as wanted_count,
        coalesce(facts.row_count, 0) as row_count,
        case when wanted.is_required then facts.obs_status end as required_status,
        facts.obs_value,
        wanted.valid_min,
        wanted.valid_max
    from wanted
    full join facts
        on
            wanted.score_month = facts.score_month
            and wanted.unit_id = facts.unit_id
            and wanted.indicator_code = facts.indicator_code
)

select * from final
