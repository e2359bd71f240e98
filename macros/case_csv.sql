{#- A CSV file of case records as a table: nothing about it is guessed but its line ends. -#}
{% macro case_csv(path) -%}
    read_csv(
        '{{ path | replace("'", "''") }}',
        header = true, all_varchar = true, delim = ',', quote = '"', escape = '"'
    )
{%- endmacro %}
