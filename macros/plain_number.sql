{#- A decimal as text without idle zeros: 2.000000 -> 2, 2.080 -> 2.08. -#}
{% macro plain_number(expression) -%}
    rtrim(rtrim(cast({{ expression }} as varchar), '0'), '.')
{%- endmacro %}
