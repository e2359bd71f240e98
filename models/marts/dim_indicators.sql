-- One row per score month and indicator that a group reports in it.
with

reported as (
    select distinct
        score_month,
        indicator_code
    from {{ ref('int_group_indicators_monthly') }}
)

select
    reported.score_month,
    indicator_code,
    indicators.indicator_name,
    dimension_code,
    dimensions.dimension_name,
    indicators.indicator_order,
    indicators.value_type,
    cast(indicators.valid_min as decimal(18, 6)) as valid_min,
    cast(indicators.valid_max as decimal(18, 6)) as valid_max,
    indicators.is_required,
    indicators.description
from reported
inner join {{ ref('indicators') }} as indicators using (indicator_code)
inner join {{ ref('dimensions') }} as dimensions using (dimension_code)
{{ in_order('reported.score_month', 'dimension_code', 'indicators.indicator_order') }}
