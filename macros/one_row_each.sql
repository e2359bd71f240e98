{% macro one_row_each(expressions) -%}
    {{ adapter.dispatch('one_row_each')(expressions) }}
{%- endmacro %}

{% macro default__one_row_each(expressions) -%}
    unnest([{{ expressions | join(', ') }}])
{%- endmacro %}

{% macro spark__one_row_each(expressions) -%}
    explode(array({{ expressions | join(', ') }}))
{%- endmacro %}
