-- One row per month that is built.
{%- for month in var('score_months') %}
select cast('{{ month | replace("_", "-") }}-01' as date) as score_month
{{ 'union all' if not loop.last }}
{%- endfor %}
