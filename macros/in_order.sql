{#- A province's tables are not read from the top, and to sort them would cost as much as to make
    them. -#}
{% macro in_order() -%}
    {%- if not var('raw_path', none) -%}
order by {% for column in varargs %}{{ column }} nulls last{{ ', ' if not loop.last }}{% endfor %}
    {%- endif -%}
{%- endmacro %}
