{#- An aggregate over a month's units of a city: what is expected instead of a name that is none of
    theirs.

    name, unit_id: columns of the units; seen: the name that was received. -#}
{% macro nearest_unit(name, unit_id, seen) -%}
    '本月名册（units、unit_aliases）中的单位名称，最接近的是“'
    || min_by({{ name }}, ({{ edit_distance(name, "coalesce(" ~ seen ~ ", '')") }}, {{ unit_id }}))
    || '”'
{%- endmacro %}
