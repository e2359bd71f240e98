{% macro city_of_file(city_code) -%}
    {{ city_code if var('raw_path', none) else 'cast(null as string)' }}
{%- endmacro %}
