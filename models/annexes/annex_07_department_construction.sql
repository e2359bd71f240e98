-- One row per score month and A-group department: annex 7, construction approval, in official
-- order.
with

observations as (
    select * from {{ ref('int_observations_pivoted') }}
    where group_code = 'A'
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
        full_process_rate,
        full_process_points,
        mainline_accuracy_rate,
        mainline_points,
        auxiliary_accuracy_rate,
        auxiliary_points,
        parallel_approval_measure,
        parallel_approval_points
    from observations
)

select * from final
order by score_month asc nulls last, sequence_no asc nulls last
