-- One row per score month, city, annex, row and column: all that the annexes print, as figure and
-- as text in the printed format. The only list of it: annex marts and exports are made from it.
{{ config(schema='audit', alias='annex_cells') }}
with

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
        null as cell_content
    from {{ ref('fct_dimension_scores') }}
    union all
    select
        score_month,
        unit_id,
        'composite_score' as column_name,
        exact_score as figure,
        null as cell_content
    from composite_scores
),

annex_rows as (
    select
        score_month,
        units.city_code,
        annexes.annex_no,
        annexes.mart_name,
        annexes.not_applicable_mark,
        cast(
            row_number() over (
                partition by score_month, units.city_code, annexes.annex_no
                order by
                    case annexes.row_order when 'score' then composite_scores.exact_score end
                    desc nulls last,
                    units.official_order asc nulls last,
                    units.unit_id asc nulls last
            ) as integer
        ) as row_no,
        unit_id,
        units.unit_name,
        units.group_name
    from {{ ref('dim_units') }} as units
    inner join composite_scores using (score_month, unit_id)
    inner join {{ ref('int_annexes_monthly') }} as annexes using (score_month)
    where contains('|' || annexes.group_codes || '|', '|' || units.group_code || '|')
),

cells as (
    select
        annex_rows.*,
        annex_columns.column_no,
        column_name,
        annex_columns.number_format,
        case column_name
            when 'unit_name' then annex_rows.unit_name
            when 'group_name' then annex_rows.group_name
            else figures.cell_content
        end as cell_content,
        {{ rounded_text(
            "case column_name when 'sequence_no' then annex_rows.row_no else figures.figure end",
            'annex_columns.decimals',
        ) }} as figure
    from annex_rows
    inner join {{ ref('int_annex_columns_monthly') }} as annex_columns
        using (score_month, annex_no)
    left join figures using (score_month, unit_id, column_name)
)

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
{{ in_order('score_month', 'city_code', 'annex_no', 'row_no', 'column_no') }}
