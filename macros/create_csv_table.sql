{#- Seed columns are text unless their YAML gives a type. dbt's own version guesses types from the
    values, which turns 007 into 7, 5% into an error and points into floating point.

    model: the seed's node; agate_table: its header and rows (only the header is used). -#}
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
