{#- A table that the refresh fills when it has tested a build, with the columns that its contract
    declares: empty until then, as in the development file. -#}
{% macro filled_on_publishing() -%}
select
    {%- for column in model.columns.values() %}
    {{ cast('null', column.data_type) }} as {{ column.name }}
    {{- ',' if not loop.last }}
    {%- endfor %}
where false
{%- endmacro %}
