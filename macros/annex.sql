{% macro annex(cells) -%}
select
    {%- for column in model.columns.values() %}
    {%- if column.name in ('score_month', 'city_code') %}
    {{ column.name }}
    {%- elif column.data_type == 'varchar' %}
    nullif(max(case when column_name = '{{ column.name }}' then cell_text end), '') as {{ column.name }}
    {%- else %}
    cast(
        max(case when column_name = '{{ column.name }}' then cell_value end) as {{ column.data_type }}
    ) as {{ column.name }}
    {%- endif %}
    {{- ',' if not loop.last }}
    {%- endfor %}
from {{ cells }}
where mart_name = '{{ model.name }}'
group by score_month, city_code, row_no
{{ in_order('score_month', 'city_code', 'row_no') }}
{%- endmacro %}
