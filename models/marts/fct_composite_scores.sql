-- One row per score month and unit: its total, its place in the printed order of its group
-- (exact total, then official order) and its rank, which equal totals share.
with

dimension_scores as (
    select * from {{ ref('fct_dimension_scores') }}
),

units as (
    select * from {{ ref('dim_units') }}
),

totals as (
    select
        score_month,
        unit_id,
        cast(sum(score) as decimal(18, 10)) as exact_score
    from dimension_scores
    group by score_month, unit_id
),

final as (
    select
        units.score_month,
        units.city_code,
        units.city_name,
        units.unit_id,
        units.unit_name,
        units.group_code,
        units.group_name,
        totals.exact_score,
        {{ published('totals.exact_score') }} as composite_score,
        cast(
            row_number() over (
                partition by units.score_month, units.city_code, units.group_code
                order by
                    totals.exact_score desc nulls last,
                    units.official_order asc nulls last,
                    units.unit_id asc nulls last
            ) as integer
        ) as sequence_no,
        cast(
            rank() over (
                partition by units.score_month, units.city_code, units.group_code
                order by totals.exact_score desc nulls last
            ) as integer
        ) as score_rank
    from totals
    inner join units
        on
            totals.score_month = units.score_month
            and totals.unit_id = units.unit_id
)

select * from final
order by score_month nulls last, city_code nulls last, group_code nulls last, sequence_no nulls last
