{#- Every value of a column is of a form, as one that becomes the name of a file or table has to be.

    column_name: the column.
    pattern: a regular expression that the whole value matches. -#}
{% test matches(model, column_name, pattern) %}
select *
from {{ model }}
where not coalesce({{ matches_pattern(column_name, "'^(?:" ~ pattern ~ ")$'") }}, false)
{% endtest %}
