-- One row per printed score: the most that its group can reach; and for a printed total, how far it
-- is from the printed sub-scores' sum, and how far rounding allows: half a unit of each last place.
with

scores as (
    select
        arrived.*,
        cast(
            '0.' || repeat('0', greatest(length(split_part(arrived.cell_text, '.', 2)), 2)) || '5'
            as decimal(18, 9)
        ) as half_place,
        score_columns.dimension_code,
        score_columns.column_title as score_title,
        score_columns.most
    from arrived_cells as arrived
    inner join score_columns using (score_month, city_code, group_code, column_name)
    where arrived.feed_kind = 'published_scores'
),

sums as (
    select
        score_month,
        unit_id,
        abs(sum(case when dimension_code is null then cell_value else -cell_value end)) as gap,
        sum(half_place) as allowed_gap
    from scores
    group by score_month, unit_id
)

select
    score_month,
    scores.city_code,
    scores.place,
    scores.row_no,
    scores.unit_name,
    scores.column_name,
    scores.score_title as column_title,
    scores.cell_value,
    scores.most,
    scores.most - scores.cell_value as lost,
    case when scores.dimension_code is null then sums.gap end as gap,
    sums.allowed_gap
from scores
inner join sums using (score_month, unit_id)
