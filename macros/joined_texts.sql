{% macro joined_texts(text, separator, order) -%}
    {{ adapter.dispatch('joined_texts')(text, separator, order) }}
{%- endmacro %}

{% macro default__joined_texts(text, separator, order) -%}
    string_agg({{ text }}, '{{ separator }}' order by {{ order }})
{%- endmacro %}

{% macro spark__joined_texts(text, separator, order) -%}
    string_agg({{ text }}, '{{ separator }}') within group (order by {{ order }})
{%- endmacro %}
