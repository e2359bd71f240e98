-- One row per month, unit and indicator that its group reports, with the most points of one that is
-- reported as points.
create temp view reported_indicators as
select
    score_month,
    units.city_code,
    units.unit_id,
    units.unit_name,
    indicator_code,
    indicators.indicator_name,
    indicators.valid_min,
    indicators.valid_max,
    indicators.is_required,
    case when indicators.value_type = 'points' then group_indicators.max_points end as most
from marts.dim_units as units
inner join intermediate.int_group_indicators_monthly as group_indicators
    using (score_month, group_code)
inner join marts.dim_indicators as indicators using (score_month, indicator_code)
