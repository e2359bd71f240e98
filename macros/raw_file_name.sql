{#- Name of the monthly file of a feed, as people see it: raw_licenses__2023_06.csv, or, below
    `raw_path`, city_code=511700/score_month=2023-06-01/licenses.parquet. -#}
{% macro raw_file_name(feed_code, score_month, city_code) -%}
    {%- if var('raw_path', none) -%}
    'city_code=' || {{ city_code }} || '/score_month=' || {{ score_month }} || '/' || {{ feed_code }}
    || '.parquet'
    {%- else -%}
    'raw_' || {{ feed_code }} || '__' || strftime({{ score_month }}, '%Y_%m') || '.csv'
    {%- endif -%}
{%- endmacro %}
