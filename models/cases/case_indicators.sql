-- One row per score month and unit of a city whose case records arrived: the three indicators that
-- are counted from them, with the cases behind.
{{ config(enabled=var('case_path', none) is not none) }}
with

files as (
    {%- for file in case_files() %}
    select
        '{{ file.source_file }}' as source_file,
        '{{ file.city_code }}' as city_code,
        cast('{{ file.score_month }}' as date) as score_month
    {{ 'union all' if not loop.last }}
    {%- else %}
    select
        cast(null as varchar) as source_file,
        cast(null as varchar) as city_code,
        cast(null as date) as score_month
    where false
    {%- endfor %}
),

unit_names as (
    select * from {{ ref('int_unit_names_monthly') }}
),

cases as (
    select
        unit_names.score_month,
        unit_names.unit_id,
        count(*) as case_count
    from {{ ref('stg_cases__records') }} as records
    inner join unit_names
        on
            records.score_month = unit_names.score_month
            and records.city_code = unit_names.city_code
            and records.unit_name = unit_names.row_key
    where
        date_trunc('month', records.due_at) = records.score_month
        or date_trunc('month', records.finished_at) = records.score_month
    group by unit_names.score_month, unit_names.unit_id
),

behind as (
    select
        score_month,
        unit_id,
        count(*) filter (where indicator_code = 'overdue_case_count') as overdue_count,
        count(*) filter (where indicator_code = 'negative_review_count') as negative_count,
        count(*) filter (where indicator_code = 'rectification_rate') as unrectified_count
    from {{ ref('cases_behind_points') }}
    group by score_month, unit_id
),

counted as (
    select
        score_month,
        units.city_code,
        unit_id,
        units.unit_name,
        files.source_file,
        cast(coalesce(cases.case_count, 0) as integer) as case_count,
        cast(coalesce(behind.overdue_count, 0) as integer) as overdue_case_count,
        cast(coalesce(behind.negative_count, 0) as integer) as negative_review_count,
        cast(coalesce(behind.negative_count - behind.unrectified_count, 0) as integer)
            as rectified_review_count
    from {{ ref('int_units_monthly') }} as units
    inner join files using (score_month, city_code)
    left join cases using (score_month, unit_id)
    left join behind using (score_month, unit_id)
)

select
    *,
    case
        when negative_review_count > 0
            then {{ divide('100 * rectified_review_count', 'negative_review_count') }}
    end as rectification_rate
from counted
