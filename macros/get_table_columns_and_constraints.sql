{#- An index takes several times the memory of the keys it holds, so a province's tables have none:
    `check_keys` looks once. -#}
{% macro duckdb__get_table_columns_and_constraints() -%}
    {%- if var('raw_path', none) -%}
        (
        {{ adapter.render_raw_columns_constraints(raw_columns=model['columns']) | join(', ') }}
        )
    {%- else -%}
        {{ return(table_columns_and_constraints()) }}
    {%- endif -%}
{%- endmacro %}
