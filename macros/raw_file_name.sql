{#- Name of the monthly file of a feed, as people see it: raw_licenses__2023_06.csv. -#}
{% macro raw_file_name(feed_code, score_month) -%}
    'raw_' || {{ feed_code }} || '__' || strftime({{ score_month }}, '%Y_%m') || '.csv'
{%- endmacro %}
