-- One row per score month and department: annex 5, special work, in official order.
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
        one_thing_published_count,
        window_entry_rate,
        availability_issue_count,
        intra_province_unclaimed_count,
        sichuan_chongqing_unclaimed_count,
        undertaking_points,
        policy_count,
        project_guide_count,
        publicity_points,
        task_points
    from observations
)

select * from final
order by score_month asc nulls last, sequence_no asc nulls last
