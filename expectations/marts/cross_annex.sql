-- One row per month, unit and dimension whose score an annex prints and all of whose scored
-- indicators an annex prints: what these come to. Points as reported add up to the score; of a
-- dimension that only loses points, a unit without any count has the full score.
with

scored as (
    select
        *,
        indicator_code as column_name,
        count(*) over (partition by score_month, group_code, dimension_code) as indicator_count
    from intermediate.int_group_indicators_monthly
    where max_points is not null
),

-- Nothing printed is not applicable and earns the most; more than the most earns no more.
added as (
    select
        score_month,
        printed.place,
        printed.unit_id,
        scored.dimension_code,
        scored.dimension_code || '_score' as column_name,
        bool_and(scored.value_type = 'points') as is_points,
        bool_and(scored.max_points = 0) as is_losses,
        bool_and(coalesce(printed.cell_value, 0) = 0) as is_without_loss,
        sum(
            scored.max_points
            - least(greatest(coalesce(printed.cell_value, scored.max_points), 0), scored.max_points)
        ) as points_lost
    from printed_figures as printed
    inner join scored using (score_month, group_code, column_name)
    group by score_month, printed.place, printed.unit_id, scored.dimension_code
    having count(*) = max(scored.indicator_count)
),

compared as (
    select
        added.*,
        printed.city_code,
        printed.unit_name,
        printed.column_title,
        printed.cell_value,
        printed.half_place,
        scores.weight + scores.adjustment_points as full_score
    from added
    inner join marts.fct_dimension_scores as scores using (score_month, unit_id, dimension_code)
    inner join printed_figures as printed using (score_month, unit_id, column_name)
)

select
    score_month,
    city_code,
    place,
    unit_name,
    column_name,
    column_title,
    cell_value,
    case
        when is_points
            then as_printed(greatest(full_score - points_lost, 0), cell_value, half_place)
        when is_losses and is_without_loss then as_printed(full_score, cell_value, half_place)
    end as added_score,
    case when is_losses and not is_without_loss then full_score end as unreached_score
from compared
