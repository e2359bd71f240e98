-- One row per cell of the seven unit feeds and of the published scores, errata applied, units
-- resolved; and one per imputed cell that the print lacks.
with

cells as (
    {%- for feed in [
        'service_items', 'licenses', 'efficiency', 'subsites', 'supervision', 'special_work',
        'construction', 'published_scores',
    ] %}
    select * from {{ ref('stg_bulletin__' ~ feed) }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

errata as (
    select * from {{ ref('errata') }}
),

corrections as (
    select
        errata.score_month,
        corrections.*
    from {{ ref('cell_corrections') }} as corrections
    inner join errata on corrections.erratum_id = errata.erratum_id
),

imputations as (
    select
        errata.score_month,
        imputations.*
    from {{ ref('imputed_cells') }} as imputations
    inner join errata on imputations.erratum_id = errata.erratum_id
),

indicators as (
    select * from {{ ref('indicators') }}
),

unit_names as (
    select
        score_month,
        {{ clean_text('unit_name') }} as unit_name,
        unit_id
    from {{ ref('int_units_monthly') }}
    union
    select
        units.score_month,
        {{ clean_text('aliases.alias_name') }} as unit_name,
        units.unit_id
    from {{ ref('unit_aliases') }} as aliases
    inner join {{ ref('int_units_monthly') }} as units on aliases.unit_id = units.unit_id
),

-- A correction applies only to the very text it was written for.
received as (
    select
        cells.feed,
        cells.source_file,
        cells.column_name,
        cells.unit_name as printed_unit_name,
        cells.printed_value,
        coalesce(
            {{ clean_text('name_corrections.corrected_value') }}, cells.unit_name
        ) as unit_name,
        coalesce(value_corrections.corrected_value, cells.printed_value) as corrected_value,
        coalesce(value_corrections.erratum_id, name_corrections.erratum_id) as erratum_id,
        cells.row_no,
        false as is_imputed,
        cells.score_month
    from cells
    left join corrections as name_corrections
        on
            cells.score_month = name_corrections.score_month
            and cells.feed = name_corrections.feed
            and cells.row_no = name_corrections.row_no
            and name_corrections.column_name = 'unit_name'
            and cells.unit_name = name_corrections.printed_value
    left join corrections as value_corrections
        on
            cells.score_month = value_corrections.score_month
            and cells.feed = value_corrections.feed
            and cells.row_no = value_corrections.row_no
            and cells.column_name = value_corrections.column_name
            and cells.printed_value = value_corrections.printed_value
),

imputed as (
    select
        indicators.dimension_code as feed,
        cast(null as varchar) as source_file,
        imputations.indicator_code as column_name,
        cast(null as varchar) as printed_unit_name,
        cast(null as varchar) as printed_value,
        {{ clean_text('imputations.unit_name') }} as unit_name,
        imputations.imputed_value as corrected_value,
        imputations.erratum_id,
        cast(null as integer) as row_no,
        true as is_imputed,
        imputations.score_month
    from imputations
    inner join indicators on imputations.indicator_code = indicators.indicator_code
    inner join {{ ref('int_score_months') }} as score_months
        on imputations.score_month = score_months.score_month
),

combined as (
    select * from received
    union all
    select * from imputed
),

final as (
    select
        combined.feed,
        combined.source_file,
        unit_names.unit_id,
        combined.column_name,
        combined.erratum_id,
        combined.printed_unit_name,
        combined.unit_name,
        combined.printed_value,
        combined.corrected_value,
        combined.row_no,
        combined.is_imputed,
        combined.score_month
    from combined
    left join unit_names
        on
            combined.score_month = unit_names.score_month
            and combined.unit_name = unit_names.unit_name
)

select * from final
