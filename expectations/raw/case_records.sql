-- One row per month, unit and indicator that was reported and can be counted from case records: what
-- was counted, if it is not what was reported, to the places that were reported.
with

counted as (
    select * from (
        select
            score_month,
            unit_id,
            source_file,
            cast(overdue_case_count as decimal(18, 10)) as overdue_case_count,
            cast(negative_review_count as decimal(18, 10)) as negative_review_count,
            rectification_rate
        from cases.case_indicators
    )
    unpivot include nulls (
        counted_value for column_name in (
            overdue_case_count, negative_review_count, rectification_rate
        )
    )
)

select
    score_month,
    arrived.city_code,
    arrived.place,
    arrived.row_no,
    arrived.unit_name,
    column_name,
    arrived.column_title,
    arrived.cell_text,
    case
        when arrived.cell_value is distinct from as_printed(
            counted.counted_value,
            arrived.cell_value,
            cast(
                '0.' || repeat('0', length(regexp_extract(arrived.cell_text, '[.]([0-9]+)', 1)))
                || '5' as decimal(18, 10)
            )
        )
            then
            coalesce(rtrim(rtrim(cast(counted.counted_value as varchar), '0'), '.'), '—')
            || '，据 ' || counted.source_file
    end as counted_otherwise
from arrived_cells as arrived
inner join counted using (score_month, unit_id, column_name)
where arrived.cell_text is not null
