{#- A quotient as an exact decimal with ten places, rounded half up: dividing decimals would pass
    through floating point. Both sides are not negative.

    numerator: a decimal with at most ten places; denominator: a whole number above 0. -#}
{% macro divide(numerator, denominator) -%}
    cast(
        cast(
            (2 * cast({{ numerator }} * 10000000000 as hugeint) + {{ denominator }})
            // (2 * {{ denominator }}) as decimal(28, 0)
        ) * 0.0000000001 as decimal(18, 10)
    )
{%- endmacro %}
