{#- A select of every cell of the monthly files, as received: feed_code, source_file, city_code
    (NULL where the file names none), row_key, column_name, printed_value, row_no (as a
    spreadsheet counts: the header is row 1), score_month. Whatever columns a file has become
    rows, so neither a new indicator nor a new feed needs SQL.

    feeds: relation of the seed. -#}
{% macro raw_cells(feeds) -%}
    {%- if var('raw_path', none) -%}
    {%- do create_cells_of_files(feeds) %}
    select * from raw.cells
    {%- else -%}
    {%- for file in raw_files(feeds) if file.columns %}
    select
        '{{ file.feed }}' as feed_code,
        '{{ file.file }}' as source_file,
        city_code,
        row_key,
        column_name,
        printed_value,
        row_no,
        cast('{{ file.month }}' as date) as score_month
    from (
        select
            cast(row_number() over (order by rowid) + 1 as integer) as row_no,
            {{ 'city_code' if file.has_city else 'cast(null as varchar) as city_code' }},
            {{ adapter.quote(file.key) }} as row_key,
            {{ file.columns | map('tojson') | join(', ') }}
        from {{ file.relation }}
    )
    unpivot include nulls (
        printed_value for column_name in ({{ file.columns | map('tojson') | join(', ') }})
    )
    {{ 'union all' if not loop.last }}
    {%- else %}
    {{ no_cells() }}
    {%- endfor %}
    {%- endif %}
{%- endmacro %}
