{% macro raw_cells(feeds) -%}
    {%- if var('raw_path', none) -%}
    {%- do create_cells_of_files(feeds) %}
    select * from raw.cells
    {%- else -%}
    {%- for file in raw_files(feeds) if file.columns %}
    {%- set columns = get_quoted_csv(file.columns) %}
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
            cast(row_number() over (order by {{ adapter.dispatch('place_in_file')() }}) + 1 as integer)
                as row_no,
            {{ 'city_code' if file.has_city else 'cast(null as string) as city_code' }},
            {{ adapter.quote(file.key) }} as row_key,
            {{ columns }}
        from {{ file.relation }}
    )
    unpivot include nulls (
        printed_value for column_name in ({{ columns }})
    )
    {{ 'union all' if not loop.last }}
    {%- else %}
    {{ no_cells() }}
    {%- endfor %}
    {%- endif %}
{%- endmacro %}

{% macro default__place_in_file() -%}
    rowid
{%- endmacro %}

{#- A seed's table is one file. -#}
{% macro spark__place_in_file() -%}
    _metadata.row_index
{%- endmacro %}
