{% macro plain_number(expression) -%}
    trim(trailing '.' from trim(trailing '0' from cast({{ expression }} as string)))
{%- endmacro %}
