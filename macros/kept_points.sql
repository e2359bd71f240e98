{% macro kept_points(obs_status, curve_points, max_points) -%}
    case
        when {{ obs_status }} = 'M' then {{ max_points }}
        when {{ obs_status }} = 'L' then null
        else {{ kept_in_range(curve_points, max_points) }}
    end
{%- endmacro %}
