{#- A province has too many files for seeds. -#}
{% macro create_cells_of_files(feeds) -%}
    {%- if execute and load_relation(feeds) is not none -%}
        {%- set root = var('raw_path') | replace("'", "''") -%}
        {%- set last = (last_month_kept() or '') | string -%}
        {%- set selects = [no_cells()] -%}
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
