{#- A model that counts over months goes on from its own rows of the months that stay, where there
    are any: its newest row of each subject stands for all before it. -#}
{% macro goes_on() -%}
    {{ return(var('goes_on', false) or (target.name == 'release' and is_incremental())) }}
{%- endmacro %}

{% macro is_new(score_month) -%}
    {%- if goes_on() -%}
        {{ score_month }}
        > coalesce((select max(score_month) from {{ this }}), cast('0001-01-01' as date))
    {%- else -%}
        true
    {%- endif -%}
{%- endmacro %}

{% macro newest_kept(subject, columns) -%}
    {%- if goes_on() -%}
    union all
    select
        {{ columns | join(',\n        ') }}
    from (
        select
            *,
            row_number() over (
                partition by {{ subject | join(', ') }} order by score_month desc nulls last
            ) as age
        from {{ this }}
    ) as kept
    where age = 1
    {%- endif -%}
{%- endmacro %}
