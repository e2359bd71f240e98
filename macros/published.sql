{#- A score as published: rounded half up once, from the exact figure, to two decimals. -#}
{% macro published(score) -%}
    cast(round({{ score }}, 2) as decimal(9, 2))
{%- endmacro %}
