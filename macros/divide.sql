{#- Dividing decimals would pass through floating point. -#}
{% macro divide(numerator, denominator) -%}
    {%- set dividend -%}
        (2 * cast({{ numerator }} * 10000000000 as bigint) + {{ denominator }})
    {%- endset -%}
    {%- set quotient = adapter.dispatch('whole_quotient')(dividend, '(2 * ' ~ denominator ~ ')') -%}
    cast(cast({{ quotient }} as decimal(20, 0)) * 0.0000000001 as decimal(18, 10))
{%- endmacro %}

{% macro default__whole_quotient(dividend, divisor) -%}
    {{ dividend }} // {{ divisor }}
{%- endmacro %}

{% macro spark__whole_quotient(dividend, divisor) -%}
    {{ dividend }} div {{ divisor }}
{%- endmacro %}
