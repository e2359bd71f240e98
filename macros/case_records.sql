{% macro case_records(headings, texts, days) -%}
    {%- for columns in case_file_columns(headings) %}
    select
        {%- if columns.is_csv %}
        '{{ columns.files[0].source_file }}' as source_file,
        '{{ columns.files[0].city_code }}' as city_code,
        cast('{{ columns.files[0].score_month }}' as date) as score_month,
        cast(row_number() over () + 1 as integer) as row_no,
        {%- else %}
        array_to_string(filename.split('/')[-3:], '/') as source_file,
        city_code,
        cast(score_month as date) as score_month,
        cast(file_row_number + 2 as integer) as row_no,
        {%- endif %}
        {%- for name in texts %}
        {{ case_text(columns.found.get(name)) }} as {{ name }},
        {%- endfor %}
        {%- for name in days %}
        {{ case_day(columns.found.get(name)) }} as {{ name }},
        {{ case_day_unread(columns.found.get(name)) }} as {{ name }}_unread
        {{- ',' if not loop.last }}
        {%- endfor %}
    from
        {%- if columns.is_csv %}
        {{ case_csv(columns.files[0].path) }}
        {%- else %}
        read_parquet(
            [
                {%- for file in columns.files %}
                '{{ file.path | replace("'", "''") }}'
                {{- ',' if not loop.last }}
                {%- endfor %}
            ],
            filename = true,
            file_row_number = true,
            hive_partitioning = true,
            hive_types_autocast = false
        )
        {%- endif %}
    {{ 'union all' if not loop.last }}
    {%- else %}
    select
        cast(null as varchar) as source_file,
        cast(null as varchar) as city_code,
        cast(null as date) as score_month,
        cast(null as integer) as row_no,
        {%- for name in texts %}
        cast(null as varchar) as {{ name }},
        {%- endfor %}
        {%- for name in days %}
        cast(null as date) as {{ name }},
        cast(null as varchar) as {{ name }}_unread
        {{- ',' if not loop.last }}
        {%- endfor %}
    where false
    {%- endfor %}
{%- endmacro %}

{% macro case_file_columns(headings) -%}
    {%- set groups = {} -%}
    {%- set files = case_files() -%}
    {%- if files and load_relation(headings) is not none -%}
        {%- set wanted = run_query('from ' ~ headings ~ ' order by heading_order') -%}
        {%- for file in files -%}
            {%- set is_csv = file.path.endswith('.csv') -%}
            {%- set path = file.path | replace("'", "''") -%}
            {%- set types = {} -%}
            {%- for column in run_query(
                'select column_name, column_type from (describe from '
                ~ (case_csv(file.path) if is_csv else "read_parquet('" ~ path ~ "')") ~ ')'
            ) -%}
                {%- do types.update({column['column_name']: column['column_type']}) -%}
            {%- endfor -%}
            {%- set found = {} -%}
            {%- for row in wanted if row['heading'] in types -%}
                {%- do found.setdefault(
                    row['column_name'],
                    {'heading': row['heading'], 'type': types[row['heading']]}
                ) -%}
            {%- endfor -%}
            {%- set key = file.path if is_csv else found | string -%}
            {%- set group = {'is_csv': is_csv, 'files': [], 'found': found} -%}
            {%- do groups.setdefault(key, group)['files'].append(file) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(groups.values() | list) }}
{%- endmacro %}

{% macro case_csv(path) -%}
    read_csv(
        '{{ path | replace("'", "''") }}',
        header = true, all_varchar = true, delim = ',', quote = '"', escape = '"'
    )
{%- endmacro %}

{#- Exports put a tab before what Excel would take for a number. -#}
{% macro case_text(column) -%}
    {%- if column -%}
    nullif(trim(cast({{ adapter.quote(column.heading) }} as varchar), ' ' || chr(9)), '')
    {%- else -%}
    cast(null as varchar)
    {%- endif -%}
{%- endmacro %}

{% macro case_day(column) -%}
    {%- if not column -%}
    cast(null as date)
    {%- elif column.type == 'TIMESTAMP WITH TIME ZONE' -%}
    cast(timezone('Asia/Shanghai', {{ adapter.quote(column.heading) }}) as date)
    {%- elif column.type.startswith(('DATE', 'TIMESTAMP')) -%}
    cast({{ adapter.quote(column.heading) }} as date)
    {%- else -%}
    cast(try_cast({{ case_text(column) }} as timestamp) as date)
    {%- endif -%}
{%- endmacro %}

{% macro case_day_unread(column) -%}
    {%- if column and not column.type.startswith(('DATE', 'TIMESTAMP')) -%}
    case when {{ case_day(column) }} is null then {{ case_text(column) }} end
    {%- else -%}
    cast(null as varchar)
    {%- endif -%}
{%- endmacro %}
