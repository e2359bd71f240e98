-- One row per score month and unit: its total, its place in the printed order of its group
-- (exact total, then official order) and its rank, which equal totals share.
with

-- A score that is not known makes the total unknown: NULL is never skipped.
totals as (
    select
        score_month,
        unit_id,
        cast(case when count(*) = count(score) then sum(score) end as decimal(18, 10))
            as exact_score
    from {{ ref('fct_dimension_scores') }}
    group by score_month, unit_id
)

select
    score_month,
    months.stage,
    units.city_code,
    units.city_name,
    unit_id,
    units.unit_name,
    units.group_code,
    units.group_name,
    totals.exact_score,
    {{ published('totals.exact_score') }} as composite_score,
    cast(
        row_number() over (
            partition by score_month, units.city_code, units.group_code
            order by
                totals.exact_score desc nulls last,
                units.official_order asc nulls last,
                unit_id asc nulls last
        ) as integer
    ) as sequence_no,
    cast(
        rank() over (
            partition by score_month, units.city_code, units.group_code
            order by totals.exact_score desc nulls last
        ) as integer
    ) as score_rank
from totals
inner join {{ ref('dim_units') }} as units using (score_month, unit_id)
inner join {{ ref('int_score_months') }} as months using (score_month)
{{ in_order('score_month', 'units.city_code', 'units.group_code', 'sequence_no') }}
