{% test month_starts(model, columns) %}
select *
from {{ model }}
where
    {%- for column in columns %}
    date_trunc('month', {{ column }}) != {{ column }}
    {{ 'or' if not loop.last }}
    {%- endfor %}
{% endtest %}
