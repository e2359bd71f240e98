{% macro union_by_name(relations, columns, label=none) -%}
    {{ adapter.dispatch('union_by_name')(relations, columns, label) }}
{%- endmacro %}

{% macro default__union_by_name(relations, columns, label) -%}
    {%- for relation in relations %}
    select *{{ ", '" ~ relation ~ "' as " ~ label if label }} from {{ relation }}
    {{ 'union all by name' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- What a relation lacks is found outside it. -#}
{% macro spark__union_by_name(relations, columns, label) -%}
    {%- for relation in relations %}
    select found.*{{ ", '" ~ relation ~ "' as " ~ label if label }}
    from (select null as {{ columns | join(', null as ') }}) as lacking
    cross join lateral (select {{ columns | join(', ') }} from {{ relation }}) as found
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
