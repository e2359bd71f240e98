-- One row per month, unit and indicator that was reported and is counted from case records as well:
-- what was counted, unless it is what was reported, to the places reported.
with

counted as (
    from (
        select
            score_month,
            unit_id,
            source_file,
            cast(overdue_case_count as decimal(18, 10)) as overdue_case_count,
            cast(negative_review_count as decimal(18, 10)) as negative_review_count,
            rectification_rate
        from cases.case_indicators
    ) as indicators
    unpivot include nulls (
        counted_value for column_name in (
            overdue_case_count, negative_review_count, rectification_rate
        )
    )
),

compared as (
    select
        arrived.*,
        counted.counted_value,
        counted.source_file,
        as_printed(
            counted.counted_value,
            arrived.cell_value,
            cast(
                '0.' || repeat('0', length(regexp_extract(arrived.cell_text, '[.]([0-9]+)', 1)))
                || '5' as decimal(18, 10)
            )
        ) as counted_as_reported
    from arrived_cells as arrived
    inner join counted using (score_month, unit_id, column_name)
    where arrived.cell_text is not null
)

select
    score_month,
    city_code,
    place,
    row_no,
    unit_name,
    column_name,
    column_title,
    cell_text,
    case
        when cell_value = counted_as_reported then null
        when coalesce(cell_value, counted_as_reported) is null then null
        else
            coalesce(rtrim(rtrim(cast(counted_value as varchar), '0'), '.'), '—')
            || '，据 ' || source_file
    end as counted_otherwise
from compared
