{% test matches(model, column_name, pattern) %}
select *
from {{ model }}
where not coalesce({{ matches_pattern(column_name, "'^(?:" ~ pattern ~ ")$'") }}, false)
{% endtest %}
