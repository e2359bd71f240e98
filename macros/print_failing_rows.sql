{% macro print_failing_rows(results) -%}
    {%- for result in results
        if execute and result.status in ('fail', 'warn') and result.node.resource_type == 'test' -%}
        {%- set rows = run_query('select * from (' ~ result.node.compiled_code ~ ') limit 1000') -%}
        {%- do print(result.status | upper ~ ' ' ~ result.node.name) -%}
        {%- for row in rows -%}
            {%- set cells = [] -%}
            {%- for name, value in row.dict().items() if value is not none -%}
                {%- do cells.append(name ~ '=' ~ value) -%}
            {%- endfor -%}
            {%- do print('  ' ~ cells | join(' | ')) -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}
