{% macro filled(template, values) -%}
    {%- for _ in values %}replace({% endfor %}{{ template }}
    {%- for name, value in values.items() %}, '{{ '{' ~ name ~ '}' }}', {{ value }}){% endfor %}
{%- endmacro %}
