{#- Points that a segment of a rule's curve adds at a value, before the whole is kept between 0
    and the maximum: base + slope * (clip(value, lower, upper) - lower). Summed over its
    segments it is the curve.

    rules, max_points: relation name of the segment, column of the maximum; value: the value. -#}
{% macro segment_points(rules, max_points, value) -%}
    {{ max_points }} * {{ rules }}.base_share
    + {{ rules }}.base_points
    + ({{ max_points }} * {{ rules }}.slope_share + {{ rules }}.slope_points)
    * (
        greatest(
            {{ rules }}.lower_value,
            least({{ value }}, coalesce({{ rules }}.upper_value, {{ value }}))
        )
        - {{ rules }}.lower_value
    )
{%- endmacro %}
