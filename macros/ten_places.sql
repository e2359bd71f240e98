{#- Those that fit in 64 bits, as all but absurd ones do, are rounded there: DuckDB takes thirty
    times as long for wider ones. -#}
{% macro ten_places(points) -%}
    coalesce(
        cast(try_cast({{ points }} as decimal(18, 12)) as decimal(18, 10)),
        cast({{ points }} as decimal(18, 10))
    )
{%- endmacro %}
