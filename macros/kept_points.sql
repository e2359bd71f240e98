{#- Points of an observation before they are rounded: all of them where the indicator does not
    apply, unknown where its value is missing, otherwise the curve's, kept in range.

    obs_status: SDMX code; curve_points: sum of the curve's segments; max_points: the maximum. -#}
{% macro kept_points(obs_status, curve_points, max_points) -%}
    case
        when {{ obs_status }} = 'M' then {{ max_points }}
        when {{ obs_status }} = 'L' then null
        else {{ kept_in_range(curve_points, max_points) }}
    end
{%- endmacro %}
