{#- Run after an annex mart: its view in schema 附件, named 附件N, with the printed column names, for
    people who write SQL in Chinese. Names and comments come from the annex seeds.

    annexes, annex_columns: the seeds' relations. -#}
{% macro create_chinese_view(annexes, annex_columns) -%}
    {%- if execute -%}
        {%- set columns = run_query(
            "select annexes.annex_no, annex_title, column_name, view_column_name, header_path from " ~ annex_columns
            ~ " inner join " ~ annexes ~ " as annexes using (annex_no) where annexes.mart_name = '"
            ~ this.identifier ~ "' order by column_no nulls last"
        ) -%}
        {%- set view = adapter.quote('附件') ~ '.' ~ adapter.quote('附件' ~ columns[0]['annex_no']) %}
        create or replace view {{ view }} as
        select
            score_month as {{ adapter.quote('月份') }}
            {%- for column in columns %},
            {{ column['column_name'] }} as {{ adapter.quote(column['view_column_name']) }}
            {%- endfor %}
        from {{ this.include(database=false) }};
        comment on view {{ view }} is '{{ columns[0]["annex_title"] | replace("'", "''") }}';
        {%- for column in columns %}
        comment on column {{ view }}.{{ adapter.quote(column["view_column_name"]) }}
        is '{{ column["header_path"] | replace("'", "''") }}';
        {%- endfor %}
    {%- endif -%}
{%- endmacro %}
