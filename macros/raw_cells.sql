{#- A select of every cell of one feed, all months, as received. Columns: score_month, source_file,
    row_no (row in the file as a spreadsheet counts it: the header is row 1), <key>, column_name,
    printed_value. Whatever columns a month's file has become rows, so a new indicator needs no SQL.

    feed: the feed's name; key: its first column; optional: whether a month may come without it. -#}
{% macro raw_cells(feed, key='unit_name', optional=false) -%}
    {%- for seed in raw_seeds(feed, optional) %}
    select
        {{ month_start(seed.month) }} as score_month,
        '{{ seed.file }}' as source_file,
        row_no,
        {{ key }},
        column_name,
        printed_value
    from (
        select cast(row_number() over (order by rowid) + 1 as integer) as row_no, *
        from {{ seed.relation }}
    )
    unpivot include nulls (
        printed_value for column_name in (columns(* exclude (row_no, {{ key }})))
    )
    {{ 'union all' if not loop.last }}
    {%- else %}
    select
        cast(null as date) as score_month,
        cast(null as varchar) as source_file,
        cast(null as integer) as row_no,
        cast(null as varchar) as {{ key }},
        cast(null as varchar) as column_name,
        cast(null as varchar) as printed_value
    where false
    {%- endfor %}
{%- endmacro %}
