{% macro no_cells() -%}
    select
        cast(null as string) as feed_code,
        cast(null as string) as source_file,
        cast(null as string) as city_code,
        cast(null as string) as row_key,
        cast(null as string) as column_name,
        cast(null as string) as printed_value,
        cast(null as integer) as row_no,
        cast(null as date) as score_month
    where false
{%- endmacro %}
