{% macro spark__cast(field, type) -%}
    {%- set of_fields = modules.re.sub('(struct|map)[(](.*)[)]', '\\1<\\2>', type) -%}
    {%- set of_items = modules.re.sub('(.*)\\[\\]', 'array<\\1>', of_fields) -%}
    cast({{ field }} as {{ of_items | replace('varchar', 'string') }})
{%- endmacro %}
