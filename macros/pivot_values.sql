{#- Columns that spread a long table: for each name in `names` the value of the row whose `key` it is
    (there is at most one per group), cast to `type` where given.

    names: values of `key`; suffix: appended to the column's name. -#}
{% macro pivot_values(names, key, value, suffix='', type=none) -%}
    {%- for name in names %}
    {%- set picked = "max(case when " ~ key ~ " = '" ~ name ~ "' then " ~ value ~ " end)" %}
        {{ 'cast(' ~ picked ~ ' as ' ~ type ~ ')' if type else picked }} as {{ name }}{{ suffix }}
        {{- ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
