{#- Printed text without what carries no meaning: stray spaces of any width go, full-width digits and
    signs become ASCII, and an empty text becomes NULL. -#}
{% macro clean_text(expression) -%}
    nullif(
        translate(
            regexp_replace({{ expression }}, '[\s\x{00A0}\x{200B}\x{3000}\x{FEFF}]', '', 'g'),
            '０１２３４５６７８９．％－',
            '0123456789.%-'
        ),
        ''
    )
{%- endmacro %}
