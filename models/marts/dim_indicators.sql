-- One row per score month and indicator that a group reports in it.
with

indicators as (
    select * from {{ ref('indicators') }}
),

dimensions as (
    select * from {{ ref('dimensions') }}
),

reported as (
    select distinct
        score_month,
        indicator_code
    from {{ ref('int_group_indicators_monthly') }}
),

final as (
    select
        reported.score_month,
        indicators.indicator_code,
        indicators.indicator_name,
        indicators.dimension_code,
        dimensions.dimension_name,
        indicators.indicator_order,
        indicators.value_type,
        cast(indicators.valid_min as decimal(18, 6)) as valid_min,
        cast(indicators.valid_max as decimal(18, 6)) as valid_max,
        indicators.is_required,
        indicators.description
    from reported
    inner join indicators on reported.indicator_code = indicators.indicator_code
    inner join dimensions on indicators.dimension_code = dimensions.dimension_code
)

select * from final
order by score_month nulls last, dimension_code nulls last, indicator_order nulls last
