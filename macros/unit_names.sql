{% macro unit_names(units, aliases) -%}
    select
        score_month,
        city_code,
        {{ clean_text('unit_name') }} as row_key,
        unit_id
    from {{ units }}
    union
    select
        units.score_month,
        units.city_code,
        {{ clean_text('aliases.alias_name') }} as row_key,
        unit_id
    from {{ aliases }} as aliases
    inner join {{ units }} as units using (unit_id)
{%- endmacro %}
