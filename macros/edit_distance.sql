{% macro edit_distance(text, other) -%}
    {{ adapter.dispatch('edit_distance')(text, other) }}
{%- endmacro %}

{% macro default__edit_distance(text, other) -%}
    levenshtein({{ text }}, {{ other }})
{%- endmacro %}

{#- Its own counts characters, so each byte is made one. -#}
{% macro spark__edit_distance(text, other) -%}
    levenshtein(
        decode(encode({{ text }}, 'UTF-8'), 'ISO-8859-1'),
        decode(encode({{ other }}, 'UTF-8'), 'ISO-8859-1')
    )
{%- endmacro %}
