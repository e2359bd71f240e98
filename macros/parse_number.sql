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
