{#- Spark's tables get their comment when they are made, and columns of Parquet get none: dbt's own
    version only looks them up. -#}
{% macro spark__persist_docs(relation, model, for_relation, for_columns) -%}
{%- endmacro %}
