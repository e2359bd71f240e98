-- One row per month, unit and dimension whose score an annex prints and whose scored indicators
-- another annex prints, all of them: what these come to. Points as reported add up to the score; a
-- dimension that only loses points is full where every count is 0.
with

printed as (
    select
        printed.score_month,
        units.unit_id,
        printed.mart_name,
        printed.column_name,
        annex_columns.decimals,
        try_cast(printed.cell_text as decimal(18, 6)) as cell_value
    from printed_cells as printed
    inner join intermediate.int_annex_columns_monthly as annex_columns
        on
            printed.score_month = annex_columns.score_month
            and printed.mart_name = annex_columns.mart_name
            and printed.column_name = annex_columns.column_name
    inner join marts.dim_units as units
        on
            printed.score_month = units.score_month
            and printed.city_code = units.city_code
            and printed.unit_name = units.unit_name
),

scored as (
    select
        *,
        count(*) over (partition by score_month, group_code, dimension_code) as indicator_count
    from intermediate.int_group_indicators_monthly
    where max_points is not null
),

-- Nothing printed is not applicable and earns the most; more than the most earns no more.
added as (
    select
        printed.score_month,
        printed.unit_id,
        printed.mart_name,
        scored.dimension_code,
        bool_and(scored.value_type = 'points') as is_points,
        bool_and(scored.max_points = 0) as is_losses,
        bool_and(coalesce(printed.cell_value, 0) = 0) as is_without_loss,
        sum(
            scored.max_points
            - least(greatest(coalesce(printed.cell_value, scored.max_points), 0), scored.max_points)
        ) as points_lost
    from printed
    inner join marts.dim_units as units
        on
            printed.score_month = units.score_month
            and printed.unit_id = units.unit_id
    inner join scored
        on
            printed.score_month = scored.score_month
            and units.group_code = scored.group_code
            and printed.column_name = scored.indicator_code
    group by
        printed.score_month, printed.unit_id, printed.mart_name, scored.dimension_code
    having count(*) = max(scored.indicator_count)
),

compared as (
    select
        scores.score_month,
        scores.city_code,
        added.mart_name as place,
        scores.unit_name,
        printed.column_name,
        scores.dimension_name || '得分' as column_title,
        printed.cell_value as printed_score,
        added.is_points,
        added.is_losses,
        added.is_without_loss,
        scores.weight + scores.adjustment_points as full_score,
        greatest(scores.weight + scores.adjustment_points - added.points_lost, 0) as added_score,
        cast('0.' || repeat('0', printed.decimals) || '5' as decimal(18, 10)) as half_place
    from marts.fct_dimension_scores as scores
    inner join printed
        on
            scores.score_month = printed.score_month
            and scores.unit_id = printed.unit_id
            and printed.column_name = scores.dimension_code || '_score'
    inner join added
        on
            scores.score_month = added.score_month
            and scores.unit_id = added.unit_id
            and scores.dimension_code = added.dimension_code
),

final as (
    select
        *,
        case
            when not is_points then null
            when
                printed_score - added_score > -half_place
                and printed_score - added_score <= half_place
                then printed_score
            else added_score
        end as score_of_points,
        case when is_losses and is_without_loss then full_score end as score_without_loss,
        case when is_losses and not is_without_loss then full_score end as score_to_fall_short_of
    from compared
)

select * from final
