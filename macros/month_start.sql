{#- The DATE literal of a month named as in `score_months`: 2023_06 -> 2023-06-01. -#}
{% macro month_start(month) -%}
    cast('{{ month | replace("_", "-") }}-01' as date)
{%- endmacro %}
