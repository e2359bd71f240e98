{#- The DATE literal of a month named as in `score_months`: 2023_06 -> 2023-06-01. -#}
{% macro month_start(month) -%}
    cast('{{ modules.datetime.datetime.strptime(month, "%Y_%m").date() }}' as date)
{%- endmacro %}
