{% macro raw_file_name(feed_code, score_month, city_code) -%}
    {%- if var('raw_path', none) -%}
    'city_code=' || {{ city_code }} || '/score_month=' || {{ score_month }} || '/' || {{ feed_code }}
    || '.parquet'
    {%- else -%}
    'raw_' || {{ feed_code }}
    || '__' || replace(left(cast({{ score_month }} as string), 7), '-', '_') || '.csv'
    {%- endif -%}
{%- endmacro %}
