-- One row per month, unit and pair of its cells that can contradict each other
-- (seeds/reference/indicator_pairs.csv): the cell to look at, and what the other one makes of it.
with

paired as (
    select
        pairs.relation,
        rates.score_month,
        rates.unit_id,
        case when pairs.relation = 'faults_dealt_with' then rates else others end as looked_at,
        '“' || rates.column_title || '”' as rate_title,
        '“' || others.column_title || '”' as other_title,
        rates.is_not_applicable as is_without_rate,
        rates.cell_value = rates.valid_max as is_full,
        others.cell_value = others.valid_min as is_none,
        reported.most
    from reference.indicator_pairs as pairs
    inner join arrived_cells as rates on pairs.rate_code = rates.column_name
    inner join arrived_cells as others
        on
            pairs.indicator_code = others.column_name
            and rates.score_month = others.score_month
            and rates.unit_id = others.unit_id
    inner join reported_indicators as reported
        on
            others.score_month = reported.score_month
            and others.unit_id = reported.unit_id
            and others.column_name = reported.indicator_code
    where rates.cell_text is not null and others.cell_text is not null
)

select
    score_month,
    looked_at.city_code,
    looked_at.place,
    looked_at.row_no,
    looked_at.unit_name,
    looked_at.column_name,
    looked_at.column_title,
    looked_at.cell_text,
    case relation
        when 'faults_left' then
            case
                when is_without_rate and not is_none then rate_title || '不适用，此处应为 0'
                when is_full and not is_none then rate_title || '已满，此处应为 0，除非系取整所致'
                when not is_full and is_none then rate_title || '未满，此处应大于 0'
            end
        when 'faults_dealt_with' then
            case
                when is_without_rate and not is_none then other_title || '大于 0，此处应填比率'
                when not is_full and is_none then other_title || '为 0，此处应不适用'
            end
        when 'points_of_rate' then
            case
                when is_without_rate and looked_at.cell_value != most
                    then
                        rate_title || '不适用，此处应为满分 '
                        || rtrim(rtrim(cast(most as varchar), '0'), '.')
            end
    end as contradiction
from paired
