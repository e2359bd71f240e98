-- One row per month, city, annex and unit that the annex should list, or does. An annex in order of
-- score that shows one group numbers its units as the facts do.
with

wanted as (
    select
        score_month,
        annexes.mart_name as place,
        scores.city_code,
        scores.unit_name,
        case
            when annexes.row_order = 'score' and annexes.group_codes = scores.group_code
                then scores.sequence_no
        end as sequence_no
    from intermediate.int_annexes_monthly as annexes
    inner join marts.fct_composite_scores as scores using (score_month)
    where list_contains(string_split(annexes.group_codes, '|'), scores.group_code)
),

printed as (
    select
        score_month,
        mart_name as place,
        city_code,
        unit_name,
        count(*) as row_count,
        min(cast(cell_text as integer)) as sequence_no
    from printed_cells
    where column_name = 'sequence_no'
    group by score_month, mart_name, city_code, unit_name
)

select
    score_month,
    city_code,
    place,
    unit_name,
    'sequence_no' as column_name,
    '序号' as column_title,
    coalesce(printed.row_count, 0) as row_count,
    case when wanted.unit_name is null then printed.unit_name end as unlisted_unit,
    wanted.sequence_no as fact_no,
    printed.sequence_no
from wanted
full join printed using (score_month, city_code, place, unit_name)
