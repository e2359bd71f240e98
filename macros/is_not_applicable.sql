{#- Whether a cleaned text is nothing but a dash, which says that the cell is not applicable. -#}
{% macro is_not_applicable(text) -%}
    coalesce({{ text }} in ('—', '-', '——'), false)
{%- endmacro %}
