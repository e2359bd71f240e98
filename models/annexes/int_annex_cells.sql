-- One row per score month, city, annex, row and column: all that the annexes print, as figure and
-- as text in the printed format. The only list of it: annex marts and exports are made from it.
{{ config(schema='audit', alias='annex_cells') }}
with

annexes as (
    select * from {{ ref('int_annexes_monthly') }}
),

annex_columns as (
    select * from {{ ref('int_annex_columns_monthly') }}
),

units as (
    select * from {{ ref('dim_units') }}
),

composite_scores as (
    select * from {{ ref('fct_composite_scores') }}
),

-- What may stand in a column, by its name there: indicators, scores of dimensions, the total.
figures as (
    select
        score_month,
        unit_id,
        indicator_code as column_name,
        obs_value as figure,
        obs_text as cell_content
    from {{ ref('fct_observations') }}
    union all
    select
        score_month,
        unit_id,
        dimension_code || '_score' as column_name,
        score as figure,
        cast(null as varchar) as cell_content
    from {{ ref('fct_dimension_scores') }}
    union all
    select
        score_month,
        unit_id,
        'composite_score' as column_name,
        exact_score as figure,
        cast(null as varchar) as cell_content
    from composite_scores
),

annex_rows as (
    select
        annexes.score_month,
        units.city_code,
        annexes.annex_no,
        annexes.mart_name,
        annexes.not_applicable_mark,
        cast(
            row_number() over (
                partition by annexes.score_month, units.city_code, annexes.annex_no
                order by
                    case annexes.row_order when 'score' then composite_scores.exact_score end
                    desc nulls last,
                    units.official_order asc nulls last,
                    units.unit_id asc nulls last
            ) as integer
        ) as row_no,
        units.unit_id,
        units.unit_name,
        units.group_name
    from annexes
    inner join units
        on
            annexes.score_month = units.score_month
            and list_contains(string_split(annexes.group_codes, '|'), units.group_code)
    inner join composite_scores
        on
            units.score_month = composite_scores.score_month
            and units.unit_id = composite_scores.unit_id
),

cells as (
    select
        annex_rows.*,
        annex_columns.column_no,
        annex_columns.column_name,
        annex_columns.number_format,
        case annex_columns.column_name
            when 'unit_name' then annex_rows.unit_name
            when 'group_name' then annex_rows.group_name
            else figures.cell_content
        end as cell_content,
        {{ rounded_text(
            "case annex_columns.column_name when 'sequence_no' then annex_rows.row_no else figures.figure end",
            'annex_columns.decimals',
        ) }} as figure
    from annex_rows
    inner join annex_columns
        on
            annex_rows.score_month = annex_columns.score_month
            and annex_rows.annex_no = annex_columns.annex_no
    left join figures
        on
            annex_rows.score_month = figures.score_month
            and annex_rows.unit_id = figures.unit_id
            and annex_columns.column_name = figures.column_name
),

final as (
    select
        score_month,
        city_code,
        annex_no,
        mart_name,
        row_no,
        column_no,
        unit_id,
        unit_name,
        column_name,
        cast(figure as decimal(18, 6)) as cell_value,
        case
            when number_format = '@' then coalesce(cell_content, '')
            when figure is null then not_applicable_mark
            when number_format = '0.00%' then figure || '%'
            when number_format = 'General' and figure like '%.%' then {{ plain_number('figure') }}
            else figure
        end as cell_text
    from cells
)

select * from final
order by
    score_month nulls last,
    city_code nulls last,
    annex_no nulls last,
    row_no nulls last,
    column_no nulls last
