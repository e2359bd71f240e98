{% macro case_files() -%}
    {%- set files = [] -%}
    {%- if execute -%}
        {%- set root = var('case_path') -%}
        {%- set kept = api.Relation.create(this.database, 'audit', 'release_months') -%}
        {%- set last = none -%}
        {%- if load_relation(kept) is not none -%}
            {%- set last = run_query('select max(score_month) as last from ' ~ kept)[0]['last'] -%}
        {%- endif -%}
        {%- set last = (last or '') | string -%}
        {%- for file in run_query(
            "select file from glob('" ~ root | replace("'", "''")
            ~ "/city_code=*/score_month=*/cases.*') order by all"
        ) -%}
            {%- set path = file['file'] -%}
            {%- set parts = path.split('/') -%}
            {%- set month = parts[-2].split('=') | last -%}
            {%- if month[:7].replace('-', '_') in var('score_months') and month > last -%}
                {%- do files.append({
                    'path': path,
                    'source_file': parts[-3:] | join('/'),
                    'city_code': parts[-3].split('=') | last,
                    'score_month': month,
                }) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(files) }}
{%- endmacro %}
