{% macro has_chinese_views() -%}
    {{ return(adapter.dispatch('has_chinese_views')()) }}
{%- endmacro %}

{% macro default__has_chinese_views() -%}
    {{ return(true) }}
{%- endmacro %}

{% macro spark__has_chinese_views() -%}
    {{ return(false) }}
{%- endmacro %}
