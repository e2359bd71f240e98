{% macro rounded_text(value, decimals) -%}
    case {{ decimals }}
        {%- for places in range(7) %}
        when {{ places }}
            then cast(cast(round({{ value }}, {{ places }}) as decimal(18, {{ places }})) as string)
        {%- endfor %}
    end
{%- endmacro %}
