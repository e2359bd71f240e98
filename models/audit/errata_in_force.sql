-- One row per correction, imputation, heading correction, adjustment or remark made to the
-- print of a score month, with its reason and evidence.
with

errata as (
    select * from {{ ref('int_errata') }}
),

annex_columns as (
    select * from {{ ref('int_annex_columns_monthly') }}
),

details as (
    select
        erratum_id,
        annex_no,
        annex_row_no,
        feed,
        row_no as source_row,
        cast(null as varchar) as unit_name,
        column_name,
        printed_value,
        corrected_value
    from {{ ref('cell_corrections') }}
    union all
    select
        imputed_cells.erratum_id,
        cast(null as integer) as annex_no,
        cast(null as integer) as annex_row_no,
        indicators.dimension_code as feed,
        cast(null as integer) as source_row,
        imputed_cells.unit_name,
        imputed_cells.indicator_code as column_name,
        cast(null as varchar) as printed_value,
        imputed_cells.imputed_value as corrected_value
    from {{ ref('imputed_cells') }} as imputed_cells
    inner join {{ ref('indicators') }} as indicators
        on imputed_cells.indicator_code = indicators.indicator_code
    union all
    select
        header_corrections.erratum_id,
        header_corrections.annex_no,
        cast(null as integer) as annex_row_no,
        cast(null as varchar) as feed,
        cast(null as integer) as source_row,
        cast(null as varchar) as unit_name,
        annex_columns.column_name,
        header_corrections.printed_header_path as printed_value,
        header_corrections.corrected_header_path as corrected_value
    from {{ ref('header_corrections') }} as header_corrections
    inner join errata on header_corrections.erratum_id = errata.erratum_id
    inner join annex_columns
        on
            errata.score_month = annex_columns.score_month
            and header_corrections.annex_no = annex_columns.annex_no
            and header_corrections.column_no = annex_columns.column_no
    union all
    select
        adjustments.erratum_id,
        cast(null as integer) as annex_no,
        cast(null as integer) as annex_row_no,
        adjustments.dimension_code as feed,
        cast(null as integer) as source_row,
        adjustments.unit_name,
        adjustments.dimension_code || '_score' as column_name,
        cast(null as varchar) as printed_value,
        cast(adjustments.adjustment_points as varchar) as corrected_value
    from {{ ref('int_adjustments_monthly') }} as adjustments
),

final as (
    select
        errata.score_month,
        errata.city_code,
        errata.erratum_id,
        errata.erratum_kind,
        errata.annex_nos,
        errata.description,
        errata.reason,
        errata.evidence,
        details.annex_no,
        details.annex_row_no,
        details.feed,
        details.source_row,
        details.unit_name,
        details.column_name,
        details.printed_value,
        details.corrected_value
    from errata
    left join details on errata.erratum_id = details.erratum_id
)

select * from final
order by
    score_month nulls last,
    erratum_id nulls last,
    annex_no nulls last,
    annex_row_no nulls last,
    unit_name nulls last,
    column_name nulls last
