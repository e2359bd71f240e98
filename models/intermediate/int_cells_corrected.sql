-- One row per cell of the monthly files, errata applied, city and unit resolved, and read: the one
-- place where text becomes a figure. And one per imputed cell that the print lacks.
with

indicators as (
    select * from {{ ref('indicators') }}
),

corrections as (
    select * from {{ ref('int_cell_corrections') }}
),

-- A file that names no city belongs to the only one there is.
cells as (
    select
        coalesce(cells.city_code, cities.city_code) as city_code,
        cells.feed_code,
        cells.feed_kind,
        cells.source_file,
        cells.row_key,
        cells.column_name,
        cells.printed_value,
        cells.row_no,
        cells.score_month
    from {{ ref('stg_bulletin__cells') }} as cells
    left join {{ ref('int_cities_monthly') }} as cities
        on
            cells.score_month = cities.score_month
            and cities.is_only
),

-- A correction applies only to the very text it was written for.
received as (
    select
        cells.city_code,
        cells.feed_code,
        cells.feed_kind,
        cells.source_file,
        cells.column_name,
        cells.row_key as printed_row_key,
        coalesce({{ clean_text('name_corrections.corrected_value') }}, cells.row_key) as row_key,
        cells.printed_value,
        coalesce(value_corrections.corrected_value, cells.printed_value) as corrected_value,
        coalesce(value_corrections.erratum_id, name_corrections.erratum_id) as erratum_id,
        cells.row_no,
        false as is_imputed,
        cells.score_month
    from cells
    left join corrections as name_corrections
        on
            cells.score_month = name_corrections.score_month
            and cells.city_code = name_corrections.city_code
            and cells.feed_code = name_corrections.feed
            and cells.row_no = name_corrections.row_no
            and name_corrections.column_name = 'unit_name'
            and cells.row_key = name_corrections.printed_value
    left join corrections as value_corrections
        on
            cells.score_month = value_corrections.score_month
            and cells.city_code = value_corrections.city_code
            and cells.feed_code = value_corrections.feed
            and cells.row_no = value_corrections.row_no
            and cells.column_name = value_corrections.column_name
            and cells.printed_value = value_corrections.printed_value
),

imputed as (
    select
        city_code,
        dimension_code as feed_code,
        'indicators' as feed_kind,
        null as source_file,
        indicator_code as column_name,
        null as printed_row_key,
        {{ clean_text('unit_name') }} as row_key,
        null as printed_value,
        imputed_value as corrected_value,
        erratum_id,
        null as row_no,
        true as is_imputed,
        score_month
    from {{ ref('int_imputed_cells') }}
),

combined as (
    select * from received
    union all
    select * from imputed
),

resolved as (
    select
        combined.*,
        unit_names.unit_id,
        case combined.feed_kind
            when 'indicators' then indicators.value_type
            when 'published_scores' then 'points'
            else
                case feed_columns.value_type
                    when 'value' then city_metrics.value_type
                    when 'detail' then 'text'
                    else feed_columns.value_type
                end
        end as value_type
    from combined
    left join {{ ref('int_unit_names_monthly') }} as unit_names
        using (score_month, city_code, row_key)
    left join indicators
        on
            combined.feed_code = indicators.dimension_code
            and combined.column_name = indicators.indicator_code
    left join {{ ref('feed_columns') }} as feed_columns using (feed_code, column_name)
    left join {{ ref('city_metrics') }} as city_metrics
        on combined.row_key = city_metrics.metric_code
),

-- Most cells hold the same few texts: each is read once.
texts as (
    select
        *,
        {{ is_not_applicable('cell_text') }} as is_not_applicable
    from (
        select
            corrected_value,
            value_type,
            {{ clean_text('corrected_value') }} as cell_text,
            {{ parse_number('corrected_value', 'value_type') }} as cell_value
        from (
            select distinct
                corrected_value,
                value_type
            from resolved
        ) as distinct_texts
    ) as texts_read
)

select
    resolved.city_code,
    resolved.feed_code,
    resolved.feed_kind,
    resolved.source_file,
    resolved.unit_id,
    resolved.column_name,
    resolved.erratum_id,
    resolved.printed_row_key,
    resolved.row_key,
    resolved.printed_value,
    resolved.corrected_value,
    texts.cell_text,
    resolved.value_type,
    texts.cell_value,
    resolved.row_no,
    resolved.is_imputed,
    texts.is_not_applicable,
    resolved.score_month
from resolved
inner join texts
    on
        resolved.corrected_value is not distinct from texts.corrected_value
        and resolved.value_type is not distinct from texts.value_type
