-- One row per month, unit and indicator that its group reports, or that a monthly file has for it.
-- A value that did not arrive may have been counted from case records.
with

arrived as (
    select
        score_month,
        city_code,
        unit_id,
        unit_name,
        column_name as indicator_code,
        column_title,
        min(place) as place,
        min(row_no) as row_no,
        min(cell_text) as cell_text,
        min(cell_value) as cell_value,
        count(cell_text) as value_count
    from arrived_cells
    where feed_kind = 'indicators'
    group by all
)

select
    score_month,
    coalesce(wanted.city_code, arrived.city_code) as city_code,
    arrived.place,
    arrived.row_no,
    coalesce(wanted.unit_name, arrived.unit_name) as unit_name,
    indicator_code as column_name,
    coalesce(wanted.indicator_name, arrived.column_title) as column_title,
    arrived.cell_value,
    wanted.most,
    case
        when wanted.is_required
            then greatest(arrived.value_count, cast(observations.obs_status != 'L' as integer))
    end as value_count,
    case when wanted.unit_id is null then arrived.cell_text end as needless_text
from reported_indicators as wanted
left join marts.fct_observations as observations using (score_month, unit_id, indicator_code)
full join arrived using (score_month, unit_id, indicator_code)
