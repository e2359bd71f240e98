-- One row per score month and unit with faults in the ledger of the month (`fct_rectifications`).
select
    score_month,
    city_code,
    unit_id,
    -- One that is no longer assessed may have been called otherwise when it lost points.
    max(unit_name) as unit_name,
    max(group_code) as group_code,
    cast(count(case when opened_month = score_month then 1 end) as integer) as opened_count,
    cast(count(case when status = 'closed' then 1 end) as integer) as closed_count,
    cast(count(case when status = 'discontinued' then 1 end) as integer) as discontinued_count,
    cast(count(case when closed_month is null then 1 end) as integer) as open_count,
    cast(count(case when closed_month is null and not is_in_time then 1 end) as integer)
        as overdue_count,
    cast(count(case when is_in_time then 1 end) as integer) as in_time_count,
    cast(count(is_in_time) as integer) as decided_count,
    {{ published(divide(
        '100 * count(case when is_in_time then 1 end)', 'nullif(count(is_in_time), 0)'
    )) }} as in_time_rate
from {{ ref('fct_rectifications') }}
group by score_month, city_code, unit_id
{{ in_order('score_month', 'unit_id') }}
