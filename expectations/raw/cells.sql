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
),

-- From files that have no row of the value's own.
counted as (
    select
        score_month,
        unit_id,
        indicator_code
    from marts.fct_observations
    where obs_status != 'L' and source_file is not null and source_row is null
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
            then coalesce(arrived.value_count, 0) + cast(counted.unit_id is not null as integer)
    end as value_count,
    case when wanted.unit_id is null then arrived.cell_text end as needless_text
from reported_indicators as wanted
full join arrived using (score_month, unit_id, indicator_code)
left join counted using (score_month, unit_id, indicator_code)
