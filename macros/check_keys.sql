{% macro check_keys() -%}
    {%- if execute and var('raw_path', none) -%}
        {%- for constraint in model.get('constraints', []) if constraint.type == 'primary_key' -%}
            {%- set keys = constraint.columns | join(', ') -%}
            {%- set found = run_query(
                'select ' ~ keys ~ ' from ' ~ this ~ ' group by all having count(*) > 1 limit 1'
            ) -%}
            {%- if found | length -%}
                {%- do exceptions.raise_compiler_error(
                    this ~ ': ' ~ keys ~ ' not unique: ' ~ found.rows[0].values()
                ) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
