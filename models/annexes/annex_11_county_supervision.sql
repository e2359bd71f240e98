-- One row per score month and county: annex 11, “Internet + supervision”, in official order.
with

observations as (
    select * from {{ ref('int_observations_pivoted') }}
    where group_code = 'county'
),

final as (
    select
        score_month,
        cast(
            row_number() over (
                partition by score_month, city_code
                order by official_order asc nulls last, unit_id asc nulls last
            ) as integer
        ) as sequence_no,
        unit_name,
        unclaimed_catalog_count,
        unpublished_checklist_count,
        behavior_coverage_rate,
        anomaly_resolution_rate
    from observations
)

select * from final
order by score_month asc nulls last, sequence_no asc nulls last
