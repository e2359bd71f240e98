-- One row per score month, unit and indicator that is counted from case records, as a cell of the
-- monthly file that it stands in for.
{{ config(enabled=var('case_path', none) is not none, materialized='ephemeral') }}
with

counted as (
    select
        *,
        coalesce({{ plain_number('cell_value') }}, '—') as figure
    from (
        select
            score_month,
            city_code,
            unit_id,
            source_file,
            cast(overdue_case_count as decimal(18, 6)) as overdue_case_count,
            cast(negative_review_count as decimal(18, 6)) as negative_review_count,
            cast(rectification_rate as decimal(18, 6)) as rectification_rate
        from {{ ref('case_indicators') }}
    )
    unpivot include nulls (
        cell_value for indicator_code in (
            overdue_case_count, negative_review_count, rectification_rate
        )
    )
)

select
    counted.score_month,
    counted.city_code,
    indicators.dimension_code as feed_code,
    'indicators' as feed_kind,
    counted.source_file,
    counted.unit_id,
    indicator_code as column_name,
    case
        when counted.cell_value is not null and indicators.value_type = 'percent'
            then counted.figure || '%'
        else counted.figure
    end as corrected_value,
    counted.figure as cell_text,
    counted.cell_value,
    false as is_imputed,
    counted.cell_value is null as is_not_applicable
from counted
inner join {{ ref('indicators') }} as indicators using (indicator_code)
