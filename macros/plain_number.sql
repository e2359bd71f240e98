{#- A decimal as text without idle zeros: 2.000000 -> 2, 2.080 -> 2.08. -#}
{% macro plain_number(expression) -%}
    trim(trailing '.' from trim(trailing '0' from cast({{ expression }} as string)))
{%- endmacro %}
