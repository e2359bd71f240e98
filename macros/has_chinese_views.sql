{#- Whether there is a schema 附件: Spark's catalog takes only letters, digits and _ for a name. -#}
{% macro has_chinese_views() -%}
    {{ return(adapter.dispatch('has_chinese_views')()) }}
{%- endmacro %}

{% macro default__has_chinese_views() -%}
    {{ return(true) }}
{%- endmacro %}

{% macro spark__has_chinese_views() -%}
    {{ return(false) }}
{%- endmacro %}
