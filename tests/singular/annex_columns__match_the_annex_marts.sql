-- Every annex of the seeds has a mart that declares its columns, each mart is of an annex and
-- declares no others, and in the newest month they stand in printed order. (The contract sees to it
-- that a mart has the columns that it declares.)
{% set declared = [] %}
{%- for node in graph.nodes.values()
    if node.resource_type == 'model' and node.name.startswith('annex_') -%}
    {%- for column in node.columns.values() if column.name not in ('score_month', 'city_code') -%}
        {%- do declared.append("('" ~ node.name ~ "', " ~ loop.index ~ ", '" ~ column.name ~ "')") -%}
    {%- endfor -%}
{%- endfor %}
with

declared (mart_name, declared_no, column_name) as (
    values {{ declared | join(', ') or "('', 0, '')" }}
),

printed as (
    select distinct
        annexes.mart_name,
        annex_columns.column_name
    from {{ ref('annex_columns') }} as annex_columns
    left join {{ ref('annexes') }} as annexes using (annex_no)
),

newest as (
    select
        mart_name,
        column_name,
        row_number() over (
            partition by mart_name order by declared.declared_no nulls last
        ) as declared_place,
        row_number() over (
            partition by mart_name order by annex_columns.column_no nulls last
        ) as printed_place
    from {{ ref('int_annex_columns_monthly') }} as annex_columns
    inner join declared using (mart_name, column_name)
    where
        annex_columns.score_month
        = (select max(months.score_month) from {{ ref('int_score_months') }} as months)
)

select
    mart_name,
    printed.column_name as printed_column,
    declared.column_name as declared_column
from printed
full join declared using (mart_name, column_name)
where printed.column_name is null or declared.column_name is null
union all
select
    mart_name,
    column_name || ' (' || printed_place || ')' as printed_column,
    column_name || ' (' || declared_place || ')' as declared_column
from newest
where declared_place != printed_place
