{#- Points that a segment of a rule's curve adds at a value, before the whole is kept between 0
    and the maximum: base + slope * (clip(value, lower, upper) - lower). Summed over its
    segments it is the curve. Wide enough for the longest value that is read: DuckDB keeps a product
    of two narrow decimals narrow.

    rules, max_points: relation name of the segment, column of the maximum; value: the value. -#}
{% macro segment_points(rules, max_points, value) -%}
    {{ max_points }} * {{ rules }}.base_share
    + {{ rules }}.base_points
    + cast({{ max_points }} * {{ rules }}.slope_share + {{ rules }}.slope_points as decimal(38, 6))
    * (
        greatest(
            {{ rules }}.lower_value,
            least({{ value }}, coalesce({{ rules }}.upper_value, {{ value }}))
        )
        - {{ rules }}.lower_value
    )
{%- endmacro %}
