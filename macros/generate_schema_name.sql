{#- A model lives in exactly the schema that dbt_project.yml names, not in `main_<schema>`:
    the schema names are part of the public contract. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name | trim if custom_schema_name else target.schema }}
{%- endmacro %}
