{#- dbt's own macro, for types as contracts declare them. -#}
{% macro spark__cast(field, type) -%}
    {%- set nested = modules.re.sub('^(struct|map)[(](.*)[)]$', '\\1<\\2>', type) -%}
    {%- set listed = modules.re.sub('^(.*)\\[\\]$', 'array<\\1>', nested) -%}
    cast({{ field }} as {{ listed | replace('varchar', 'string') }})
{%- endmacro %}
