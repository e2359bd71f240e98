{#- A figure as text with so many decimals, rounded half up: 2.075 with 2 of them is 2.08.

    decimals: a column of whole numbers from 0 to 6. -#}
{% macro rounded_text(value, decimals) -%}
    case {{ decimals }}
        {%- for places in range(7) %}
        when {{ places }}
            then cast(cast(round({{ value }}, {{ places }}) as decimal(18, {{ places }})) as string)
        {%- endfor %}
    end
{%- endmacro %}
