{#- Rows of a table in the order in which people meet them, missing values last. A province's tables
    are not read from the top, and to sort them would cost as much as to make them.

    varargs: columns. -#}
{% macro in_order() -%}
    {%- if not var('raw_path', none) -%}
order by {% for column in varargs %}{{ column }} nulls last{{ ', ' if not loop.last }}{% endfor %}
    {%- endif -%}
{%- endmacro %}
