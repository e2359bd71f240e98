{% macro in_force(relation, key, columns) -%}
    select
        score_month,
        {{ columns | join(',\n        ') }}
    from (
        select
            months.score_month,
            versions.*,
            dense_rank() over (
                partition by months.score_month, {{ key | join(', ') }}
                order by versions.valid_from desc nulls last
            ) as version_rank
        from {{ ref('int_score_months') }} as months
        inner join {{ relation }} as versions on months.score_month >= versions.valid_from
    )
    where version_rank = 1 and (valid_to is null or valid_to >= score_month)
{%- endmacro %}
