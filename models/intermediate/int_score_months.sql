-- One row per month that is built, with how far it has come. Nobody has seen a month yet of which
-- the seed says nothing: it is a draft.
select
    listed.score_month,
    coalesce(months.stage, 'draft') as stage,
    months.objections_until,
    months.published_on
from (
    {%- for month in var('score_months') %}
    select cast('{{ month | replace("_", "-") }}-01' as date) as score_month
    {{ 'union all' if not loop.last }}
    {%- endfor %}
) as listed
left join {{ ref('months') }} as months using (score_month)
