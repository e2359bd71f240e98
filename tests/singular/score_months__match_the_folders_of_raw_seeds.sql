-- The months in `score_months` and the folders under seeds/raw/ are the same, but for months that
-- are still being collected, which are not built.
{% set listed = var('score_months') | list %}
{% set folders = [] %}
{%- for node in graph.nodes.values() if node.resource_type == 'seed' -%}
    {%- set parts = node.original_file_path.split('/') -%}
    {%- if parts[1] == 'raw' and parts[2] not in folders -%}{%- do folders.append(parts[2]) -%}{%- endif -%}
{%- endfor %}
with

found as (
    {%- for month in listed + folders | reject('in', listed) | list %}
    select
        cast('{{ month | replace("_", "-") }}-01' as date) as score_month,
        {{ month in listed }} as is_in_score_months,
        {{ month in folders }} as has_folder
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select
    found.score_month,
    found.is_in_score_months,
    found.has_folder,
    months.stage
from found
left join {{ ref('months') }} as months using (score_month)
where
    not found.has_folder
    or found.is_in_score_months != (coalesce(months.stage, 'draft') != 'collecting')
