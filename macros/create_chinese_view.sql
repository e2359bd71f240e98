{% macro create_chinese_view(name) -%}
    {%- if has_chinese_views() -%}
    {%- set view = adapter.quote('附件') ~ '.' ~ adapter.quote(name) %}
    create or replace view {{ view }} as
    select
        {%- for column in model.columns.values() if '。' in column.description %}
        {{ column.name }} as {{ adapter.quote(column.description.split('。')[0]) }},
        {%- endfor %}
    from {{ this.include(database=false) }};
    comment on view {{ view }} is '{{ model.description | replace("'", "''") }}';
    {%- for column in model.columns.values() if '。' in column.description %}
    comment on column {{ view }}.{{ adapter.quote(column.description.split('。')[0]) }}
    is '{{ column.description | replace("'", "''") }}';
    {%- endfor %}
    {%- endif -%}
{%- endmacro %}
