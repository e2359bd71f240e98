{% macro create_annex_view(annexes, annex_columns, cities) -%}
    {%- if execute and has_chinese_views()
        and this.identifier.startswith('annex_') and model.name == this.identifier -%}
        {%- set columns = run_query(
            "select annex_no, annex_title, column_name, view_column_name, header_path from ("
            ~ " select *, row_number() over (partition by annex_no, column_name order by valid_from desc)"
            ~ " as age"
            ~ " from " ~ annex_columns ~ ") as columns inner join (select annex_no, annex_title from "
            ~ annexes ~ " where mart_name = '" ~ this.identifier
            ~ "' order by valid_from desc limit 1) as annex using (annex_no)"
            ~ " where age = 1 order by column_no, column_name"
        ) -%}
        {%- set view = adapter.quote('附件') ~ '.' ~ adapter.quote('附件' ~ columns[0]['annex_no']) %}
        create or replace view {{ view }} as
        select
            score_month as {{ adapter.quote('月份') }},
            {%- for column in columns %}
            {{ column['column_name'] }} as {{ adapter.quote(column['view_column_name']) }},
            {%- endfor %}
            city_name as {{ adapter.quote('城市') }}
        from {{ this.include(database=false) }}
        inner join {{ cities.include(database=false) }} using (city_code);
        comment on view {{ view }} is '{{ columns[0]["annex_title"] | replace("'", "''") }}';
        {%- for column in columns %}
        comment on column {{ view }}.{{ adapter.quote(column["view_column_name"]) }}
        is '{{ column["header_path"] | replace("'", "''") }}';
        {%- endfor %}
    {%- endif -%}
{%- endmacro %}
