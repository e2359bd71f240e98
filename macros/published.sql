{% macro published(score) -%}
    cast(round({{ score }}, 2) as decimal(9, 2))
{%- endmacro %}
