-- The months in `score_months` and the folders under seeds/raw/ are the same.
{% set months = var('score_months') | list %}
{% set folders = [] %}
{%- for node in graph.nodes.values() if node.resource_type == 'seed' -%}
    {%- set parts = node.original_file_path.split('/') -%}
    {%- if parts[1] == 'raw' and parts[2] not in folders -%}{%- do folders.append(parts[2]) -%}{%- endif -%}
{%- endfor %}
{%- for month in months + folders | reject('in', months) | list %}
select
    '{{ month }}' as score_month,
    {{ month in months }} as is_in_score_months,
    {{ month in folders }} as has_folder
where not (is_in_score_months and has_folder)
{{ 'union all' if not loop.last }}
{%- endfor %}
