{#- A score as published: rounded half up once, from the exact figure, to the printed decimals. -#}
{% macro published(score, decimals=2) -%}
    cast(round({{ score }}, {{ decimals }}) as decimal(9, {{ decimals }}))
{%- endmacro %}
