{#- Seeds are read where this checkout has them. The adapter's own version reads the path that was
    parsed, which a copied or moved checkout takes along in its parse cache. -#}
{% macro duckdb__load_csv_rows(model, agate_table) -%}
    {%- set path = model['original_file_path'] | replace("'", "''") -%}
    {%- set sql -%}
        copy {{ this.render() }} from '{{ path }}' (
            format csv, header true, delimiter ',', quote '"', escape '"'
        )
    {%- endset -%}
    {%- do adapter.add_query(sql, abridge_sql_log=True) -%}
    {{ return(sql) }}
{%- endmacro %}

{% macro spark__load_csv_rows(model, agate_table) -%}
{%- endmacro %}
