{#- dbt's own version looks up twice which of the columns there are, a tenth of a build. -#}
{% macro duckdb__persist_docs(relation, model, for_relation, for_columns) -%}
    {%- call statement() -%}
        {{ alter_relation_comment(relation, model.description) if model.description }}
        {%- for column in model.columns.values() %}
            comment on column {{ relation }}.{{ adapter.quote(column.name) }} is
                {{ duckdb_escape_comment(column.description) }};
        {%- endfor %}
    {%- endcall -%}
{%- endmacro %}

{#- dbt's own version only looks columns up. -#}
{% macro spark__persist_docs(relation, model, for_relation, for_columns) -%}
{%- endmacro %}
