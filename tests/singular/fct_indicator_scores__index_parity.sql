-- Exactly the units in force times the indicators that their group is scored on, each with
-- points.
with

expected as (
    select
        score_month,
        units.unit_id,
        group_indicators.indicator_code
    from {{ ref('int_units_monthly') }} as units
    inner join {{ ref('int_group_indicators_monthly') }} as group_indicators
        using (score_month, group_code)
    where group_indicators.rule_id is not null
)

select
    score_month,
    unit_id,
    indicator_code,
    scores.points,
    expected.unit_id is not null as is_expected
from expected
full join {{ ref('fct_indicator_scores') }} as scores using (score_month, unit_id, indicator_code)
where expected.unit_id is null or scores.points is null
