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
    ledger.erratum_id,
    errata.erratum_reason,
    objections.objection_ids
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
left join (
    select distinct
        erratum_id,
        reason as erratum_reason
    from {{ ref('errata_in_force').include(database=false) }}
) as errata using (erratum_id)
left join (
    select
        score_month,
        unit_id,
        dimension_code,
        indicator_code,
        string_agg(objection_id, '、' order by objection_id) as objection_ids
    from {{ ref('unit_objections').include(database=false) }}
    group by all
) as objections
    on
        ledger.score_month = objections.score_month
        and ledger.unit_id = objections.unit_id
        and ledger.dimension_code = objections.dimension_code
        and ledger.indicator_code is not distinct from objections.indicator_code
where
    ledger.score_month = cast(month as date)
    and (
        unit in (ledger.unit_name, ledger.unit_id)
        or ledger.unit_id in (
            select names.unit_id
            from {{ ref('int_unit_names_monthly').include(database=false) }} as names
            where names.score_month = cast(month as date) and names.row_key = {{ clean_text('unit') }}
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
