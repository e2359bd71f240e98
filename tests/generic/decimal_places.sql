{% test decimal_places(model, columns) %}
{%- for column, places in columns.items() %}
select
    *,
    '{{ column }}' as column_name,
    {{ places }} as most_decimals
from {{ model }}
where {{ column }} != round({{ column }}, {{ places }})
{{ 'union all' if not loop.last }}
{%- endfor %}
{% endtest %}
