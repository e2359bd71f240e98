{% macro last_known(column) -%}
    {{ adapter.dispatch('last_known')(column) }}
{%- endmacro %}

{% macro default__last_known(column) -%}
    last_value({{ column }} ignore nulls)
{%- endmacro %}

{% macro spark__last_known(column) -%}
    last_value({{ column }}, true)
{%- endmacro %}
