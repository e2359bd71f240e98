{#- A select like that of `raw_cells`, without rows. -#}
{% macro no_cells() -%}
    select
        cast(null as varchar) as feed_code,
        cast(null as varchar) as source_file,
        cast(null as varchar) as city_code,
        cast(null as varchar) as row_key,
        cast(null as varchar) as column_name,
        cast(null as varchar) as printed_value,
        cast(null as integer) as row_no,
        cast(null as date) as score_month
    where false
{%- endmacro %}
