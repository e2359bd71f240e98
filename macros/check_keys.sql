{#- Columns and constraints of a table. An index takes several times the memory of the keys it
    holds, so a province's tables have none: `check_keys` looks once. -#}
{% macro duckdb__get_table_columns_and_constraints() -%}
    {%- if var('raw_path', none) -%}
        (
        {{ adapter.render_raw_columns_constraints(raw_columns=model['columns']) | join(', ') }}
        )
    {%- else -%}
        {{ return(table_columns_and_constraints()) }}
    {%- endif -%}
{%- endmacro %}

{#- Run after a model: no two rows of a province's table have the same key. -#}
{% macro check_keys() -%}
    {%- if execute and var('raw_path', none) -%}
        {%- for constraint in model.get('constraints', []) if constraint.type == 'primary_key' -%}
            {%- set keys = constraint.columns | join(', ') -%}
            {%- set found = run_query(
                'select ' ~ keys ~ ' from ' ~ this ~ ' group by all having count(*) > 1 limit 1'
            ) -%}
            {%- if found | length -%}
                {%- do exceptions.raise_compiler_error(
                    this ~ ': ' ~ keys ~ ' not unique: ' ~ found.rows[0].values()
                ) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
