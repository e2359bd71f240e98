{% macro days_between(first_day, last_day) -%}
    {{ adapter.dispatch('days_between')(first_day, last_day) }}
{%- endmacro %}

{% macro default__days_between(first_day, last_day) -%}
    date_diff('day', {{ first_day }}, {{ last_day }})
{%- endmacro %}

{% macro spark__days_between(first_day, last_day) -%}
    datediff({{ last_day }}, {{ first_day }})
{%- endmacro %}
