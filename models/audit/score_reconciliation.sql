-- One row per score month, unit and officially printed score: the sub-scores, and the total
-- under the dimension code `total`.
with

published as (
    select
        score_month,
        unit_id,
        column_name,
        cell_value as published_score
    from {{ ref('int_cells_corrected') }}
    where feed_kind = 'published_scores' and cell_text is not null
),

-- What the annexes print, with the decimals they print.
computed as (
    select
        score_month,
        unit_id,
        column_name,
        arg_min(cell_value, annex_no) as computed_score
    from {{ ref('int_annex_cells') }}
    where column_name like '%_score'
    group by score_month, unit_id, column_name
),

units as (
    select * from {{ ref('int_units_monthly') }}
),

adjustments as (
    select
        score_month,
        unit_id,
        dimension_code || '_score' as column_name,
        sum(adjustment_points) as adjustment_points
    from {{ ref('int_adjustments_monthly') }}
    group by score_month, unit_id, dimension_code
    union all
    select
        score_month,
        unit_id,
        'composite_score' as column_name,
        sum(adjustment_points) as adjustment_points
    from {{ ref('int_adjustments_monthly') }}
    group by score_month, unit_id
),

joined as (
    select
        units.score_month,
        units.city_code,
        units.unit_id,
        units.unit_name,
        units.group_code,
        published.column_name,
        published.published_score,
        computed.computed_score,
        coalesce(adjustments.adjustment_points, 0) as adjustment_points
    from published
    inner join units
        on
            published.score_month = units.score_month
            and published.unit_id = units.unit_id
    left join computed
        on
            published.score_month = computed.score_month
            and published.unit_id = computed.unit_id
            and published.column_name = computed.column_name
    left join adjustments
        on
            published.score_month = adjustments.score_month
            and published.unit_id = adjustments.unit_id
            and published.column_name = adjustments.column_name
),

final as (
    select
        score_month,
        city_code,
        unit_id,
        unit_name,
        group_code,
        case
            when column_name = 'composite_score' then 'total'
            else regexp_replace(column_name, '_score$', '')
        end as dimension_code,
        published_score,
        computed_score,
        cast(adjustment_points as decimal(6, 3)) as adjustment_points,
        case
            when coalesce(published_score != computed_score, true) then 'unexplained'
            when adjustment_points != 0 then 'explained_by_adjustment'
            else 'equal'
        end as reconciliation_status
    from joined
)

select * from final
order by score_month nulls last, unit_id nulls last, dimension_code nulls last
