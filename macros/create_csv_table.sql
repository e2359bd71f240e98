{#- dbt's own version guesses types from the values, which turns 007 into 7, 5% into an error and
    points into floating point. -#}
{% macro duckdb__create_csv_table(model, agate_table) -%}
    {%- set types = model['config'].get('column_types', {}) -%}
    {%- set sql -%}
        create table {{ this.render() }} (
        {%- for name in agate_table.column_names %}
            {{ adapter.quote(name) }} {{ types.get(name, 'varchar') }}{{ ',' if not loop.last }}
        {%- endfor %}
        )
    {%- endset -%}
    {%- call statement('create_csv_table') -%}{{ sql }}{%- endcall -%}
    {{ return(sql) }}
{%- endmacro %}

{#- Made of the file at once, as one file whose rows stand in the same order. -#}
{% macro spark__create_csv_table(model, agate_table) -%}
    {%- set types = model['config'].get('column_types', {}) -%}
    {%- set sql -%}
        create table {{ this.render() }} {{ file_format_clause() }} {{ comment_clause() }} as
        select /*+ coalesce(1) */
        {%- for name in agate_table.column_names %}
            cast(nullif({{ adapter.quote(name) }}, '') as {{ types.get(name, 'string') }})
            as {{ adapter.quote(name) }}{{ ',' if not loop.last }}
        {%- endfor %}
        from csv.{{ adapter.quote(model['original_file_path']) }}
        with (header 'true', escape '"', multiLine 'true')
    {%- endset -%}
    {%- call statement('create_csv_table') -%}{{ sql }}{%- endcall -%}
    {{ return(sql) }}
{%- endmacro %}
