-- One row per case and indicator that it takes points of: the only cases that are kept. The seed
-- `case_definitions` tells how cases count; each does in one month, whatever files it stands in.
{{ config(enabled=var('case_path', none) is not none) }}
with

unit_names as (
    select * from {{ ref('int_unit_names_monthly') }}
),

judged as (
    select
        records.*,
        unit_names.unit_id,
        date_trunc('month', records.due_at) = records.score_month
        and (records.finished_at is null or records.finished_at > records.due_at) as is_overdue,
        coalesce(ratings.is_negative, false)
        and date_trunc('month', coalesce(records.finished_at, records.due_at))
        = records.score_month as is_negative,
        records.rectified_at is not null as is_rectified
    from {{ ref('stg_cases__records') }} as records
    inner join unit_names
        on
            records.score_month = unit_names.score_month
            and records.city_code = unit_names.city_code
            and records.unit_name = unit_names.row_key
    left join {{ ref('case_ratings') }} as ratings using (rating)
)

select
    score_month,
    city_code,
    unit_id,
    indicator_code,
    case_no,
    rating,
    source_file,
    row_no,
    accepted_at as accepted_on,
    due_at as due_on,
    finished_at as finished_on,
    rectified_at as rectified_on
from (
    select
        *,
        unnest([
            case when is_overdue then 'overdue_case_count' end,
            case when is_negative then 'negative_review_count' end,
            case when is_negative and not is_rectified then 'rectification_rate' end
        ]) as indicator_code
    from judged
    where is_overdue or is_negative
) as counted
where indicator_code is not null
