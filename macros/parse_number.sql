{#- The number in a cleaned text, as an exact decimal, or NULL where the text is not written as its type
    asks: `percent` 99.58% (a percentage stays a percentage: 99.58), `count` 12, `points` and `number`
    0.6, `rank` 2 or 倒数2. At most seven digits before the point and six after it; a sign is read so
    that the range check can name a negative value. -#}
{% macro parse_number(text, value_type) -%}
    try_cast(
        nullif(
            case {{ value_type }}
                when 'percent' then regexp_extract({{ text }}, '^(-?[0-9]{1,7}(\.[0-9]{1,6})?)%$', 1)
                when 'count' then regexp_extract({{ text }}, '^-?[0-9]{1,7}$')
                when 'points' then regexp_extract({{ text }}, '^-?[0-9]{1,7}(\.[0-9]{1,6})?$')
                when 'number' then regexp_extract({{ text }}, '^-?[0-9]{1,7}(\.[0-9]{1,6})?$')
                when 'rank' then regexp_extract({{ text }}, '^(倒数)?([1-9][0-9]{0,2})$', 2)
            end,
            ''
        ) as decimal(18, 6)
    )
{%- endmacro %}
