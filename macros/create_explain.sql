{% macro create_explain() -%}
    {{ return(adapter.dispatch('create_explain')()) }}
{%- endmacro %}

{% macro default__create_explain() -%}
create or replace macro main.explain(unit, month) as table
select
    ledger.score_month,
    ledger.city_code,
    ledger.unit_id,
    ledger.unit_name,
    dimension_name,
    ledger.entry_type,
    causes.cause_name,
    ledger.indicator_code,
    ledger.indicator_name,
    ledger.points_lost,
    ledger.reason,
    ledger.rule_id,
    basis,
    bases.basis_name,
    ledger.obs_value,
    ledger.obs_status,
    ledger.printed_value,
    ledger.source_file,
    ledger.source_row,
    sources.source_file as sender_file,
    sources.source_sheet as sender_sheet,
    sources.source_cell as sender_cell,
    ledger.erratum_id
from {{ this.include(database=false) }} as ledger
inner join {{ ref('dimensions').include(database=false) }} as dimensions
    using (dimension_code, dimension_name)
left join {{ ref('rule_bases').include(database=false) }} as bases using (basis)
left join {{ ref('change_causes').include(database=false) }} as causes
    on ledger.entry_type = causes.cause
left join {{ ref('cell_sources').include(database=false) }} as sources
    on
        ledger.score_month = sources.score_month
        and ledger.city_code = sources.city_code
        and ledger.unit_name = sources.row_key
        and ledger.dimension_code = sources.feed_code
        and ledger.indicator_code = sources.column_name
where
    ledger.score_month = cast(month as date)
    and (
        unit in (ledger.unit_name, ledger.unit_id)
        or ledger.unit_id in (
            select aliases.unit_id
            from {{ ref('unit_aliases').include(database=false) }} as aliases
            where aliases.alias_name = unit
        )
    )
order by
    ledger.unit_id nulls last,
    dimensions.dimension_order nulls last,
    ledger.points_lost desc nulls last,
    ledger.indicator_code nulls last
{%- endmacro %}

{% macro spark__create_explain() -%}
    {{ return('') }}
{%- endmacro %}
