-- One row per score month and department: annex 6, “Internet + supervision”, in official order.
with

observations as (
    select * from {{ ref('int_observations_pivoted') }}
    where group_code in ('A', 'B')
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
        group_name,
        unit_name,
        catalog_completion_rate,
        checklist_completion_rate,
        behavior_coverage_rate,
        anomaly_resolution_rate
    from observations
)

select * from final
order by score_month asc nulls last, sequence_no asc nulls last
