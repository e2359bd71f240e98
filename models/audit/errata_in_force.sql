-- One row per correction, imputation, heading correction, adjustment or remark made to the
-- print of a score month, with its reason and evidence.
with

errata as (
    select * from {{ ref('int_errata') }}
),

corrected as (
    select
        erratum_id,
        annex_no,
        annex_row_no,
        feed,
        row_no as source_row,
        column_name,
        printed_value,
        corrected_value
    from {{ ref('int_cell_corrections') }}
),

imputed as (
    select
        erratum_id,
        dimension_code as feed,
        unit_name,
        indicator_code as column_name,
        imputed_value as corrected_value
    from {{ ref('int_imputed_cells') }}
),

headings as (
    select
        erratum_id,
        annex_no,
        annex_columns.column_name,
        header_corrections.printed_header_path as printed_value,
        header_corrections.corrected_header_path as corrected_value
    from {{ ref('header_corrections') }} as header_corrections
    inner join errata using (erratum_id)
    inner join {{ ref('int_annex_columns_monthly') }} as annex_columns
        using (score_month, annex_no, column_no)
),

adjusted as (
    select
        erratum_id,
        dimension_code as feed,
        unit_name,
        dimension_code || '_score' as column_name,
        cast(adjustment_points as string) as corrected_value
    from {{ ref('int_adjustments_monthly') }}
),

details as (
    {{ union_by_name(
        ['corrected', 'imputed', 'headings', 'adjusted'],
        columns=[
            'erratum_id', 'annex_no', 'annex_row_no', 'feed', 'source_row', 'unit_name',
            'column_name', 'printed_value', 'corrected_value',
        ],
    ) }}
)

select
    errata.score_month,
    errata.city_code,
    erratum_id,
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
left join details using (erratum_id)
{{ in_order(
    'errata.score_month', 'erratum_id', 'details.annex_no', 'details.annex_row_no',
    'details.unit_name', 'details.column_name',
) }}
