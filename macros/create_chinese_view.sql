{#- Run after a mart: a view of it in schema 附件 for people who write SQL in Chinese. A column is
    called what its description begins with, up to the first 。; one whose description begins
    otherwise is left out.

    name: of the view. -#}
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
