{#- The number in a text as received, as an exact decimal, or NULL where it is not written as
    its type asks: `percent` 99.58% (a percentage stays a percentage: 99.58), `count` 12,
    `points` and `number` 0.6, `rank` 2 or 倒数2. At most seven digits before the point and six
    after it. A sign is read so that the range check can name a negative value. What is more
    likely a slip is not read: two groups of digits with a space between, idle zeros in front, a
    negative zero. -#}
{% macro parse_number(text, value_type) -%}
    {%- set cleaned = clean_text(text) -%}
    {%- set whole = '[-+]?(?:0|[1-9][0-9]{0,6})' -%}
    {%- set decimal = whole ~ '(?:[.][0-9]{1,6})?' -%}
    case
        when {{ matches_pattern(text, "'[0-9０-９][^0-9０-９.．]+[0-9０-９]'") }} then null
        when {{ matches_pattern(cleaned, "'^-[0.]+%?$'") }} then null
        else
            try_cast(
                nullif(
                    case {{ value_type }}
                        when 'percent' then regexp_extract({{ cleaned }}, '^({{ decimal }})%$', 1)
                        when 'count' then regexp_extract({{ cleaned }}, '^{{ whole }}$', 0)
                        when 'points' then regexp_extract({{ cleaned }}, '^{{ decimal }}$', 0)
                        when 'number' then regexp_extract({{ cleaned }}, '^{{ decimal }}$', 0)
                        when 'rank' then regexp_extract({{ cleaned }}, '^(?:倒数)?([1-9][0-9]{0,2})$', 1)
                    end,
                    ''
                ) as decimal(18, 6)
            )
    end
{%- endmacro %}
