{% macro clean_text(expression) -%}
    nullif(
        translate(
            {{ adapter.dispatch('without_spaces')(expression) }},
            '０１２３４５６７８９．％＋－−﹣–―─',
            '0123456789.%+---———'
        ),
        ''
    )
{%- endmacro %}

{% macro default__without_spaces(expression) -%}
    regexp_replace({{ expression }}, '[\s\p{Z}\x{200B}\x{FEFF}]', '', 'g')
{%- endmacro %}

{% macro spark__without_spaces(expression) -%}
    regexp_replace({{ expression }}, r'[\s\p{Z}\x{200B}\x{FEFF}]', '')
{%- endmacro %}
