{#- Validity is by month: every date is the first of one, and none ends before it begins. -#}
{% test month_starts(model) %}
select *
from {{ model }}
where
    date_trunc('month', valid_from) != valid_from
    or date_trunc('month', valid_to) != valid_to
    or valid_to < valid_from
    or valid_from is null
{% endtest %}
