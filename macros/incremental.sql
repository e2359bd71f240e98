{#- dbt-duckdb's own version would first build every month in a table beside it. -#}
{% materialization incremental, adapter='duckdb' %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set last = last_month_kept() -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- call statement('main') -%}
        {%- if last is none -%}
            {{ create_table_as(False, target, compiled_code) }}
        {%- else -%}
            insert into {{ target }} by name
            select * from ({{ compiled_code }})
            where score_month > cast('{{ last }}' as date)
        {%- endif -%}
    {%- endcall -%}
    {%- if last is none -%}
        {%- do persist_docs(target, model) -%}
    {%- endif -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{% macro last_month_kept() -%}
    {%- if is_incremental() -%}
        {{ return(run_query(
            'select max(score_month) as score_month from '
            ~ api.Relation.create(this.database, 'audit', 'release_months')
        )[0]['score_month']) }}
    {%- endif -%}
    {{ return(none) }}
{%- endmacro %}
