-- One row per month, unit and pair of its cells that can contradict each other
-- (seeds/reference/indicator_pairs.csv): the cell to look at, and what the other one makes of it.
with

pairs as (
    select
        rate_code,
        indicator_code,
        relation,
        case
            when relation = 'faults_dealt_with' then rate_code
            else indicator_code
        end as looked_at_code
    from reference.indicator_pairs
)

select
    looked_at.score_month,
    looked_at.city_code,
    looked_at.place,
    looked_at.row_no,
    looked_at.unit_name,
    looked_at.column_name,
    looked_at.column_title,
    looked_at.cell_text,
    rates.is_not_applicable as is_without_rate,
    rates.cell_value = rates.valid_max as is_full,
    others.cell_value = others.valid_min as is_none,
    others.cell_value = reported.most as is_most,
    rtrim(rtrim(cast(reported.most as varchar), '0'), '.') as most,
    '“' || rates.column_title || '”' as rate_title,
    '“' || others.column_title || '”' as other_title,
    case
        when pairs.relation = 'faults_left' and is_without_rate and not is_none
            then rate_title || '不适用，此处应为 0'
        when pairs.relation = 'faults_left' and is_full and not is_none
            then rate_title || '已满，此处应为 0，除非系取整所致'
        when pairs.relation = 'faults_left' and not is_full and is_none
            then rate_title || '未满，此处应大于 0'
        when pairs.relation = 'faults_dealt_with' and is_without_rate and not is_none
            then other_title || '大于 0，此处应填比率'
        when pairs.relation = 'faults_dealt_with' and not is_full and is_none
            then other_title || '为 0，此处应不适用'
        when pairs.relation = 'points_of_rate' and is_without_rate and not is_most
            then rate_title || '不适用，此处应为满分 ' || most
    end as contradiction
from pairs
inner join arrived_cells as rates on pairs.rate_code = rates.column_name
inner join arrived_cells as others
    on
        pairs.indicator_code = others.column_name
        and rates.score_month = others.score_month
        and rates.unit_id = others.unit_id
inner join arrived_cells as looked_at
    on
        pairs.looked_at_code = looked_at.column_name
        and rates.score_month = looked_at.score_month
        and rates.unit_id = looked_at.unit_id
inner join reported_indicators as reported
    on
        rates.score_month = reported.score_month
        and rates.unit_id = reported.unit_id
        and pairs.indicator_code = reported.indicator_code
where rates.cell_text is not null and others.cell_text is not null and looked_at.cell_text is not null
