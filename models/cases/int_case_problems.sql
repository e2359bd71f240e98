-- One row per problem of the case records, as `input_problems` tells it; of a mistake that a file
-- makes many times the first rows, with how many there are. A case that stands twice is told where
-- it counts: from the others no figure follows.
{{ config(enabled=var('case_path', none) is not none) }}
{%- set rows_of_a_value = 20 %}
{%- set rows_of_a_mistake = 100 %}
with

cities as (
    select * from {{ ref('int_cities_monthly') }}
),

ratings as (
    select * from {{ ref('case_ratings') }}
),

units as (
    select * from {{ ref('int_units_monthly') }}
),

unit_names as (
    select * from {{ ref('int_unit_names_monthly') }}
),

files as (
    select
        score_month,
        city_code,
        source_file,
        sum(case_count) as case_count
    from {{ ref('case_indicators') }}
    group by score_month, city_code, source_file
),

suspects as (
    select
        records.*,
        unit_names.unit_id is null as is_unknown_unit,
        records.rating is not null and ratings.rating is null as is_unknown_rating
    from {{ ref('stg_cases__records') }} as records
    semi join cities using (score_month, city_code)
    left join unit_names
        on
            records.score_month = unit_names.score_month
            and records.city_code = unit_names.city_code
            and records.unit_name = unit_names.row_key
    left join ratings on records.rating = ratings.rating
    where
        is_unknown_unit
        or is_unknown_rating
        or records.case_no is null
        or records.accepted_at is null
        or records.due_at is null
        or records.finished_at_unread is not null
        or records.rectified_at_unread is not null
        or records.due_at < records.accepted_at
        or records.finished_at < records.accepted_at
),

mistakes as (
    {%- for code, column, seen, condition, expected in [
        ('missing_value', 'case_no', 'null', 'case_no is null', '办件的编号'),
        ('unknown_unit', 'unit_name', 'unit_name', 'is_unknown_unit', ''),
        ('unknown_rating', 'rating', 'rating', 'is_unknown_rating', ''),
        ('unreadable_value', 'accepted_at', 'accepted_at_unread', 'accepted_at is null',
            '日期，如 2023-07-01'),
        ('unreadable_value', 'due_at', 'due_at_unread', 'due_at is null', '日期，如 2023-07-01'),
        ('unreadable_value', 'finished_at', 'finished_at_unread', 'finished_at_unread is not null',
            '日期，如 2023-07-01，没有办结的留空'),
        ('unreadable_value', 'rectified_at', 'rectified_at_unread',
            'rectified_at_unread is not null', '日期，如 2023-07-01，没有整改的留空'),
        ('out_of_order', 'due_at', 'cast(due_at as varchar)', 'due_at < accepted_at',
            '不早于受理之日'),
        ('out_of_order', 'finished_at', 'cast(finished_at as varchar)',
            'finished_at < accepted_at', '不早于受理之日'),
    ] %}
    select
        score_month,
        city_code,
        source_file,
        row_no,
        '{{ column }}' as column_name,
        {{ seen }} as seen_value,
        '{{ code }}' as problem_code,
        '{{ expected }}' as expected
    from suspects
    where {{ condition }}
    union all
    {%- endfor %}
    select
        score_month,
        city_code,
        source_file,
        row_no,
        'case_no' as column_name,
        case_no as seen_value,
        'repeated_case' as problem_code,
        '每个办件只占一行' as expected
    from {{ ref('int_repeated_cases') }}
),

counted as (
    select
        score_month,
        city_code,
        source_file,
        column_name,
        seen_value,
        problem_code,
        expected,
        min(row_no, {{ rows_of_a_value }}) as row_nos,
        sum(count(*)) over (partition by source_file, column_name, problem_code) as row_count
    from mistakes
    group by
        score_month, city_code, source_file, column_name, seen_value, problem_code, expected
),

told as (
    select
        *,
        count(*) over (partition by source_file, column_name, problem_code) as told_count
    from (
        select
            * exclude (row_nos),
            unnest(row_nos) as row_no
        from counted
    ) as rows_of_mistakes
    qualify row_number() over (
        partition by source_file, column_name, problem_code order by row_no nulls last
    ) <= {{ rows_of_a_mistake }}
),

nearest_units as (
    select
        score_month,
        city_code,
        unknown_names.seen_value,
        {{ nearest_unit('units.unit_name', 'units.unit_id', 'unknown_names.seen_value') }}
            as expected
    from (
        select distinct
            score_month,
            city_code,
            seen_value
        from told
        where problem_code = 'unknown_unit'
    ) as unknown_names
    inner join units using (score_month, city_code)
    group by all
),

problems as (
    select
        told.score_month,
        told.city_code,
        told.source_file,
        told.row_no,
        told.column_name,
        told.seen_value,
        told.problem_code,
        case told.problem_code
            when 'unknown_unit' then nearest_units.expected
            when 'unknown_rating'
                then rating_lists.expected
            else told.expected
        end
        || case
            when told.row_count > told.told_count
                then '（同类问题共 ' || told.row_count || ' 行，列出 ' || told.told_count || ' 行）'
            else ''
        end as expected
    from told
    cross join (
        select string_agg(rating, '、' order by rating) as expected
        from ratings
    ) as rating_lists
    left join nearest_units
        on
            told.problem_code = 'unknown_unit'
            and told.score_month = nearest_units.score_month
            and told.city_code = nearest_units.city_code
            and told.seen_value is not distinct from nearest_units.seen_value
    union all by name
    select
        score_month,
        city_code,
        source_file,
        'due_at' as column_name,
        'wrong_month' as problem_code,
        '本月到期或办结的办件，至少一件' as expected
    from files
    where case_count = 0
)

select
    problems.score_month,
    problems.city_code,
    'case_records' as feed_code,
    problems.source_file,
    cast(problems.row_no as integer) as row_no,
    headings.heading as column_name,
    problems.seen_value,
    problems.problem_code,
    problems.expected
from problems
inner join {{ ref('case_columns') }} as headings
    on
        problems.column_name = headings.column_name
        and headings.heading_order = 1
