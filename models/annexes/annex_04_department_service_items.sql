-- One row per score month and department: annex 4, service items, in official order.
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
        unclaimed_item_count,
        unpublished_guide_count,
        guide_error_count,
        online_offline_mismatch_count
    from observations
)

select * from final
order by score_month asc nulls last, sequence_no asc nulls last
