{% macro create_feed_cells() -%}
create or replace macro raw.feed_cells(feed, key_column, root, files) as table
with

schemas as (
    select
        file_name,
        list(name) as column_names
    from parquet_schema(files)
    group by file_name
),

file_rows as (
    select
        substr(filename, length(root) + 2) as source_file,
        city_code,
        cast(score_month as date) as score_month,
        cast(file_row_number + 2 as integer) as row_no,
        schemas.column_names,
        cast(columns(name -> name = key_column) as varchar) as row_key,
        cast(columns(name -> not list_contains([
            key_column, 'filename', 'file_row_number', 'city_code', 'score_month', 'file_name',
            'column_names'
        ], name)) as varchar)
    from read_parquet(
        files,
        filename = true,
        file_row_number = true,
        hive_partitioning = true,
        hive_types_autocast = false,
        union_by_name = true
    )
    inner join schemas on filename = file_name
)

select
    feed as feed_code,
    source_file,
    city_code,
    row_key,
    column_name,
    printed_value,
    row_no,
    score_month
from file_rows
unpivot include nulls (
    printed_value for column_name in (
        columns(* exclude (source_file, city_code, score_month, row_no, column_names, row_key))
    )
)
where printed_value is not null or list_contains(column_names, column_name)
{%- endmacro %}
