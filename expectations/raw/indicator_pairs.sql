-- One row per month, unit and pair of its cells that can contradict each other
-- (seeds/reference/indicator_pairs.csv): the cell to look at, and what the other one makes of it.
with

pair_cells as (
    select
        cells.*,
        pairs.rate_code,
        pairs.indicator_code,
        pairs.relation,
        cells.column_name = pairs.rate_code as is_rate,
        is_rate = (pairs.relation = 'faults_dealt_with') as is_looked_at,
        reported.most
    from reference.indicator_pairs as pairs
    inner join arrived_cells as cells
        on
            cells.column_name in (pairs.rate_code, pairs.indicator_code)
            and cells.cell_text is not null
    left join reported_indicators as reported
        on
            cells.score_month = reported.score_month
            and cells.unit_id = reported.unit_id
            and cells.column_name = reported.indicator_code
),

paired as (
    select
        score_month,
        city_code,
        rate_code,
        indicator_code,
        relation,
        unit_name,
        max(place) filter (where is_looked_at) as place,
        max(row_no) filter (where is_looked_at) as row_no,
        max(column_name) filter (where is_looked_at) as column_name,
        max(column_title) filter (where is_looked_at) as column_title,
        max(cell_text) filter (where is_looked_at) as cell_text,
        '“' || max(column_title) filter (where is_rate) || '”' as rate_title,
        '“' || max(column_title) filter (where not is_rate) || '”' as other_title,
        rtrim(rtrim(cast(max(most) as varchar), '0'), '.') as most_points,
        bool_or(is_not_applicable) filter (where is_rate) as is_without_rate,
        bool_or(cell_value = valid_max) filter (where is_rate) as is_full,
        bool_or(cell_value = valid_min) filter (where not is_rate) as is_none,
        bool_or(cell_value = most) filter (where not is_rate) as is_most
    from pair_cells
    group by score_month, city_code, unit_name, rate_code, indicator_code, relation
    having count(*) > 1
)

select
    *,
    case
        when relation = 'faults_left' and is_without_rate and not is_none
            then rate_title || '不适用，此处应为 0'
        when relation = 'faults_left' and is_full and not is_none
            then rate_title || '已满，此处应为 0，除非系取整所致'
        when relation = 'faults_left' and not is_full and is_none
            then rate_title || '未满，此处应大于 0'
        when relation = 'faults_dealt_with' and is_without_rate and not is_none
            then other_title || '大于 0，此处应填比率'
        when relation = 'faults_dealt_with' and not is_full and is_none
            then other_title || '为 0，此处应不适用'
        when relation = 'points_of_rate' and is_without_rate and not is_most
            then rate_title || '不适用，此处应为满分 ' || most_points
    end as contradiction
from paired
