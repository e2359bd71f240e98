-- One row per month, unit and indicator that its group reports, or that the facts have.
with

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
)

select
    score_month,
    coalesce(wanted.city_code, facts.city_code) as city_code,
    'fct_observations' as place,
    coalesce(wanted.unit_name, facts.unit_name) as unit_name,
    indicator_code as column_name,
    coalesce(wanted.indicator_name, facts.indicator_name) as column_title,
    case when wanted.unit_id is null then 0 else 1 end as wanted_count,
    coalesce(facts.row_count, 0) as row_count,
    case when wanted.is_required then facts.obs_status end as required_status,
    facts.obs_value,
    wanted.valid_min,
    wanted.valid_max
from reported_indicators as wanted
full join facts using (score_month, unit_id, indicator_code)
