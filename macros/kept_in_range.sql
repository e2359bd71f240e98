{#- A maximum of 0 marks an indicator that only loses points from its dimension's pool, so its
    points have no floor of their own. -#}
{% macro kept_in_range(curve_points, max_points) -%}
    case
        when {{ max_points }} = 0 then least({{ curve_points }}, {{ max_points }})
        else least(greatest({{ curve_points }}, 0), {{ max_points }})
    end
{%- endmacro %}
