-- One row per score month, annex, row and column: every cell of the eleven annexes, as text in
-- the printed format.
{% set annexes = [
    ref('annex_01_group_a_summary'), ref('annex_02_group_b_summary'), ref('annex_03_county_summary'),
    ref('annex_04_department_service_items'), ref('annex_05_department_special_work'),
    ref('annex_06_department_supervision'), ref('annex_07_department_construction'),
    ref('annex_08_county_service_items'), ref('annex_09_county_special_work'),
    ref('annex_10_county_construction'), ref('annex_11_county_supervision'),
] %}
with

annexes as (
    select * from {{ ref('annexes') }}
),

annex_columns as (
    select * from {{ ref('annex_columns') }}
),

cells as (
    {%- for annex in annexes %}
    select
        score_month,
        '{{ annex.identifier }}' as mart_name,
        row_no,
        unit,
        column_name,
        cell_value
    from (
        select
            score_month,
            sequence_no as row_no,
            unit_name as unit,
            cast(columns(* exclude (score_month)) as varchar)
        from {{ annex }}
    )
    unpivot include nulls (
        cell_value for column_name in (columns(* exclude (score_month, row_no, unit)))
    )
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

final as (
    select
        cells.score_month,
        annexes.annex_no,
        cells.row_no,
        annex_columns.column_no,
        cells.unit as unit_name,
        annex_columns.column_name,
        case
            when annex_columns.number_format = '@' then coalesce(cells.cell_value, '')
            when cells.cell_value is null then annexes.not_applicable_mark
            when annex_columns.number_format = '0.00%' then cells.cell_value || '%'
            when annex_columns.number_format = 'General' and cells.cell_value like '%.%'
                then {{ plain_number('cells.cell_value') }}
            else cells.cell_value
        end as cell_text
    from cells
    inner join annexes on cells.mart_name = annexes.mart_name
    inner join annex_columns
        on
            annexes.annex_no = annex_columns.annex_no
            and cells.column_name = annex_columns.column_name
)

select * from final
order by score_month nulls last, annex_no nulls last, row_no nulls last, column_no nulls last
