-- One row per score month and unit: its place and total, and its exact score in every dimension.
with

composite_scores as (
    select * from {{ ref('fct_composite_scores') }}
),

dimension_scores as (
    select
        score_month,
        unit_id,
        {{ pivot_values(
            [
                'service_items', 'licenses', 'efficiency', 'construction', 'subsites', 'supervision',
                'special_work',
            ],
            'dimension_code', 'score', suffix='_score',
        ) }}
    from {{ ref('fct_dimension_scores') }}
    group by score_month, unit_id
),

final as (
    select
        composite_scores.*,
        dimension_scores.service_items_score,
        dimension_scores.licenses_score,
        dimension_scores.efficiency_score,
        dimension_scores.construction_score,
        dimension_scores.subsites_score,
        dimension_scores.supervision_score,
        dimension_scores.special_work_score
    from composite_scores
    inner join dimension_scores
        on
            composite_scores.score_month = dimension_scores.score_month
            and composite_scores.unit_id = dimension_scores.unit_id
)

select * from final
