{% macro nearest_unit(name, unit_id, seen) -%}
    '本月名册（units、unit_aliases）中的单位名称，最接近的是“'
    || min_by({{ name }}, ({{ edit_distance(name, "coalesce(" ~ seen ~ ", '')") }}, {{ unit_id }}))
    || '”'
{%- endmacro %}
