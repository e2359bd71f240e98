{#- Wide enough for the longest value that is read, since DuckDB keeps a product of two decimals of
    up to 18 digits narrow, and no wider, since Spark drops decimals of one that could have more than
    38. -#}
{% macro segment_points(rules, max_points, value) -%}
    {{ max_points }} * {{ rules }}.base_share
    + {{ rules }}.base_points
    + ({{ max_points }} * {{ rules }}.slope_share + {{ rules }}.slope_points)
    * cast(
        greatest(
            {{ rules }}.lower_value,
            least({{ value }}, coalesce({{ rules }}.upper_value, {{ value }}))
        )
        - {{ rules }}.lower_value as decimal(19, 6)
    )
{%- endmacro %}
