{#- The view `raw.cells` of the monthly files below `raw_path`, which a province has too many of for
    seeds: one Parquet file per city, month and feed, named like
    city_code=511700/score_month=2023-06-01/licenses.parquet, with the columns of the feed's CSV.

    feeds: relation of the seed. -#}
{% macro create_cells_of_files(feeds) -%}
    {%- if execute and load_relation(feeds) is not none -%}
        {%- set root = var('raw_path') | replace("'", "''") -%}
        {%- set last = (last_month_kept() or '') | string -%}
        {%- set selects = [] -%}
        {%- set months = [] -%}
        {%- for month in var('score_months') if month.replace('_', '-') > last[:7] -%}
            {%- do months.append(month.replace('_', '-') ~ '-01') -%}
        {%- endfor -%}
        {%- for feed in run_query(
            "select parse_filename(file, true) as feed_code, feeds.key_column,"
            ~ " string_agg(distinct regexp_extract(file, 'score_month=([^/]*)/[^/]*$', 1)) as months"
            ~ " from glob('" ~ root ~ "/city_code=*/score_month=*/*.parquet')"
            ~ " left join " ~ feeds ~ " as feeds on feeds.feed_code = parse_filename(file, true)"
            ~ " group by all order by all"
        ) -%}
            {%- if feed['key_column'] is none -%}
                {%- do exceptions.raise_compiler_error(
                    feed['feed_code'] ~ '.parquet below raw_path is of no feed in feeds.csv'
                ) -%}
            {%- endif -%}
            {%- set files = [] -%}
            {%- for month in months if month in feed['months'].split(',') -%}
                {%- do files.append(
                    "'" ~ root ~ '/city_code=*/score_month=' ~ month ~ '/' ~ feed['feed_code']
                    ~ ".parquet'"
                ) -%}
            {%- endfor -%}
            {%- if files -%}
                {%- do selects.append(
                    "from raw.feed_cells('" ~ feed['feed_code'] ~ "', '" ~ feed['key_column']
                    ~ "', '" ~ root ~ "', [" ~ files | join(', ') ~ "])"
                ) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- do run_query('create schema if not exists raw') -%}
        {%- do run_query(create_feed_cells()) -%}
        {%- do run_query('create or replace view raw.cells as ' ~ selects | join(' union all ')) -%}
    {%- endif -%}
{%- endmacro %}

{#- The table macro `raw.feed_cells`: the cells of files of one feed, their columns as text. A file
    has the columns that it has, whatever others have.

    Its parameters: feed code, name of the key column, folder that file names are told from, files. -#}
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
