-- One row per month, city, group and score: its column and title, the most that a unit can reach.
with

weights as (
    select * from intermediate.int_dimension_weights_monthly
),

final as (
    select
        weights.score_month,
        weights.city_code,
        weights.group_code,
        weights.dimension_code,
        weights.dimension_code || '_score' as column_name,
        dimensions.dimension_name || '得分' as column_title,
        weights.weight as most
    from weights
    inner join reference.dimensions as dimensions
        on weights.dimension_code = dimensions.dimension_code
    union all
    select
        score_month,
        city_code,
        group_code,
        null as dimension_code,
        'composite_score' as column_name,
        '综合得分' as column_title,
        sum(weight) as most
    from weights
    group by score_month, city_code, group_code
)

select * from final
