-- One row per score month and unit: its total, its place in the printed order of its group
-- (exact total, then official order) and its rank, which equal totals share.
with

dimension_scores as (
    select * from {{ ref('fct_dimension_scores') }}
),

units as (
    select * from {{ ref('int_units_monthly') }}
),

totals as (
    select
        score_month,
        city_code,
        unit_id,
        unit_name,
        group_code,
        cast(sum(score) as decimal(18, 10)) as exact_score
    from dimension_scores
    group by score_month, city_code, unit_id, unit_name, group_code
),

final as (
    select
        totals.score_month,
        totals.city_code,
        totals.unit_id,
        totals.unit_name,
        totals.group_code,
        totals.exact_score,
        {{ published('totals.exact_score') }} as composite_score,
        cast(
            row_number() over (
                partition by totals.score_month, totals.city_code, totals.group_code
                order by
                    totals.exact_score desc nulls last,
                    units.official_order asc nulls last,
                    totals.unit_id asc nulls last
            ) as integer
        ) as sequence_no,
        cast(
            rank() over (
                partition by totals.score_month, totals.city_code, totals.group_code
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
