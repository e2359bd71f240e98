-- One row per score month, unit and officially printed score: the sub-scores, and the total
-- under the dimension code `total`.
with

-- What the annexes print, with the decimals they print.
computed as (
    select
        score_month,
        unit_id,
        column_name,
        min_by(cell_value, annex_no) as computed_score
    from {{ ref('int_annex_cells') }}
    where column_name like '%_score'
    group by score_month, unit_id, column_name
),

adjustments as (
    select
        score_month,
        unit_id,
        column_name,
        sum(adjustment_points) as adjustment_points
    from (
        select
            *,
            {{ one_row_each(["dimension_code || '_score'", "'composite_score'"]) }} as column_name
        from {{ ref('int_adjustments_monthly') }}
    ) as adjusted_columns
    group by score_month, unit_id, column_name
)

select
    score_month,
    units.city_code,
    unit_id,
    units.unit_name,
    units.group_code,
    case
        when column_name = 'composite_score' then 'total'
        else regexp_replace(column_name, '_score$', '')
    end as dimension_code,
    published.cell_value as published_score,
    computed.computed_score,
    cast(coalesce(adjustments.adjustment_points, 0) as decimal(6, 3)) as adjustment_points,
    case
        when coalesce(published.cell_value != computed.computed_score, true) then 'unexplained'
        when adjustments.adjustment_points != 0 then 'explained_by_adjustment'
        else 'equal'
    end as reconciliation_status
from {{ ref('int_cells_corrected') }} as published
inner join {{ ref('int_units_monthly') }} as units using (score_month, unit_id)
left join computed using (score_month, unit_id, column_name)
left join adjustments using (score_month, unit_id, column_name)
where published.feed_kind = 'published_scores' and published.cell_text is not null
{{ in_order('score_month', 'unit_id', 'dimension_code') }}
