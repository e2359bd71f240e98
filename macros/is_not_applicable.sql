{% macro is_not_applicable(text) -%}
    coalesce({{ text }} in ('—', '-', '——'), false)
{%- endmacro %}
