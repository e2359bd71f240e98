{% macro filled_on_publishing() -%}
select
    {%- for column in model.columns.values() %}
    {{ cast('null', column.data_type) }} as {{ column.name }}
    {{- ',' if not loop.last }}
    {%- endfor %}
where false
{%- endmacro %}
