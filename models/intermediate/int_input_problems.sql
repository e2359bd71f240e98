-- One row per problem of what was received: which file, row and column, the value seen, what was
-- expected. Empty, or nothing is scored. Each cell has at most one problem of each kind. A kind
-- says what it knows of the problem; what it does not say is NULL.
{{ config(schema='audit', alias='input_problems') }}
with

cities as (
    select * from {{ ref('int_cities_monthly') }}
),

feeds as (
    select * from {{ ref('feeds') }}
),

units as (
    select * from {{ ref('int_units_monthly') }}
),

group_indicators as (
    select * from {{ ref('int_group_indicators_monthly') }}
),

city_metrics as (
    select * from {{ ref('city_metrics') }}
),

city_lists as (
    select
        score_month,
        {{ joined_texts('city_code', '、', 'city_code') }} as city_codes
    from cities
    group by score_month
),

received_feeds as (
    select
        score_month,
        {{ city_of_file('city_code') }} as file_city,
        feed_code,
        source_file,
        bool_or(city_code is not null) as has_city
    from {{ ref('int_cells_corrected') }}
    where not is_imputed
    group by all
),

received_columns as (
    select distinct
        score_month,
        {{ city_of_file('city_code') }} as file_city,
        feed_code,
        column_name
    from {{ ref('int_cells_corrected') }}
),

-- Feeds of which every value that is needed is there, be it from elsewhere.
complete_feeds as (
    select
        score_month,
        {{ city_of_file('observations.city_code') }} as file_city,
        observations.dimension_code as feed_code
    from {{ ref('fct_observations') }} as observations
    inner join {{ ref('dim_indicators') }} as indicators using (score_month, indicator_code)
    where indicators.is_required
    group by all
    having bool_and(observations.obs_status != 'L')
),

-- What a month needs: city-level figures, and every feed with an indicator that somebody reports.
missing_file as (
    select distinct
        score_months.score_month,
        {{ city_of_file('cities.city_code') }} as city_code,
        feeds.feed_code,
        {{ raw_file_name('feeds.feed_code', 'score_months.score_month', 'cities.city_code') }}
            as source_file,
        feeds.key_column as column_name,
        '每月必备的文件' as expected
    from {{ ref('int_score_months') }} as score_months
    cross join feeds
    left join cities using (score_month)
    anti join received_feeds
        on
            score_months.score_month = received_feeds.score_month
            and feeds.feed_code = received_feeds.feed_code
            and {{ city_of_file('cities.city_code') }} is not distinct from received_feeds.file_city
    anti join complete_feeds
        on
            score_months.score_month = complete_feeds.score_month
            and feeds.feed_code = complete_feeds.feed_code
            and {{ city_of_file('cities.city_code') }} is not distinct from complete_feeds.file_city
    where
        feeds.is_required
        and (
            feeds.feed_kind != 'indicators'
            or (score_months.score_month, feeds.feed_code) in (
                select
                    group_indicators.score_month,
                    group_indicators.dimension_code
                from group_indicators
            )
        )
),

missing_city as (
    select distinct
        score_month,
        feed_code,
        source_file,
        case when received_feeds.has_city then cells.row_no else 1 end as row_no,
        'city_code' as column_name,
        '首列 city_code，每行写明城市：本月有 ' || coalesce(city_lists.city_codes, '0 个城市')
            as expected
    from {{ ref('int_cells_corrected') }} as cells
    left join received_feeds using (score_month, feed_code, source_file)
    left join city_lists using (score_month)
    where cells.city_code is null
),

-- The list of cities is as long as a province has them, and joined only to what is a problem.
unknown_city as (
    select
        score_month,
        strangers.city_code,
        strangers.feed_code,
        strangers.source_file,
        strangers.row_no,
        'city_code' as column_name,
        strangers.city_code as seen_value,
        '本月有单位的城市：' || city_lists.city_codes as expected
    from (
        select distinct
            score_month,
            city_code,
            cells.feed_code,
            cells.source_file,
            cells.row_no
        from {{ ref('int_cells_corrected') }} as cells
        anti join cities using (score_month, city_code)
        where city_code is not null
    ) as strangers
    inner join city_lists using (score_month)
),

unknown_unit as (
    select
        score_month,
        city_code,
        cells.feed_code,
        cells.source_file,
        cells.row_no,
        cells.row_key as unit_name,
        'unit_name' as column_name,
        cells.row_key as seen_value,
        {{ nearest_unit('units.unit_name', 'units.unit_id', 'cells.row_key') }} as expected
    from {{ ref('int_cells_corrected') }} as cells
    inner join units using (score_month, city_code)
    where cells.unit_id is null and cells.feed_kind != 'city_metrics'
    group by all
),

first_rows as (
    select
        score_month,
        feed_code,
        unit_id,
        min(row_no) as first_row_no
    from {{ ref('int_cells_corrected') }}
    where unit_id is not null and feed_kind != 'city_metrics'
    group by score_month, feed_code, unit_id
    having min(row_no) != max(row_no)
),

repeated_unit as (
    select distinct
        score_month,
        cells.city_code,
        feed_code,
        cells.source_file,
        cells.row_no,
        cells.row_key as unit_name,
        'unit_name' as column_name,
        cells.row_key as seen_value,
        '每个单位只占一行，该单位第一次出现在第' || first_rows.first_row_no || '行' as expected
    from {{ ref('int_cells_corrected') }} as cells
    inner join first_rows using (score_month, feed_code, unit_id)
    where cells.row_no > first_rows.first_row_no
),

unknown_column as (
    select distinct
        score_month,
        feed_code,
        source_file,
        1 as row_no,
        column_name,
        column_name as seen_value,
        '该文件的指标列名（见 indicators）' as expected
    from {{ ref('int_cells_corrected') }}
    where feed_kind = 'indicators' and value_type is null
),

unexpected_value as (
    select
        cells.*,
        cells.row_key as unit_name,
        cells.corrected_value as seen_value,
        '空白：' || unit_groups.group_name || '不考核该指标' as expected
    from {{ ref('int_cells_corrected') }} as cells
    inner join units using (score_month, unit_id)
    inner join {{ ref('groups') }} as unit_groups using (group_code)
    anti join group_indicators
        on
            units.score_month = group_indicators.score_month
            and units.group_code = group_indicators.group_code
            and cells.column_name = group_indicators.indicator_code
    where
        cells.feed_kind = 'indicators'
        and cells.value_type is not null
        and cells.cell_text is not null
        and not cells.is_not_applicable
),

-- Observations that may be problems.
observed as (
    select
        score_month,
        observations.city_code,
        {{ city_of_file('observations.city_code') }} as file_city,
        observations.unit_id,
        observations.unit_name,
        observations.dimension_code as feed_code,
        indicator_code as column_name,
        case
            when observations.source_file is null and observations.erratum_id is not null
                then 'imputed_cells.csv'
            else {{ raw_file_name(
                'observations.dimension_code', 'score_month', 'observations.city_code'
            ) }}
        end as source_file,
        observations.source_row as row_no,
        observations.printed_value,
        observations.corrected_value,
        indicators.value_type,
        observations.obs_value,
        observations.obs_status,
        indicators.valid_min,
        indicators.valid_max,
        indicators.is_required,
        observations.is_readable
    from {{ ref('fct_observations') }} as observations
    inner join {{ ref('dim_indicators') }} as indicators using (score_month, indicator_code)
    where
        observations.obs_status = 'L'
        or not observations.is_readable
        or observations.obs_value < indicators.valid_min
        or observations.obs_value > indicators.valid_max
),

-- What a file that was received lacks.
missing as (
    select observed.*
    from observed
    inner join received_feeds
        on
            observed.score_month = received_feeds.score_month
            and observed.feed_code = received_feeds.feed_code
            and observed.file_city is not distinct from received_feeds.file_city
    where observed.obs_status = 'L' and received_feeds.has_city
),

-- A column that a month's file lacks altogether is one problem, not one per unit; nor is a file.
missing_column as (
    select distinct
        missing.score_month,
        missing.file_city as city_code,
        missing.feed_code,
        missing.source_file,
        1 as row_no,
        missing.column_name,
        '该列' as expected
    from missing
    anti join received_columns
        on
            missing.score_month = received_columns.score_month
            and missing.feed_code = received_columns.feed_code
            and missing.column_name = received_columns.column_name
            and missing.file_city is not distinct from received_columns.file_city
    where missing.is_required
),

missing_row as (
    select distinct
        missing.score_month,
        missing.city_code,
        missing.feed_code,
        missing.source_file,
        missing.unit_name,
        'unit_name' as column_name,
        '该单位应占一行' as expected
    from missing
    anti join {{ ref('fct_observations') }} as received
        on
            missing.score_month = received.score_month
            and missing.unit_id = received.unit_id
            and missing.feed_code = received.dimension_code
            and received.source_file is not null
),

missing_value as (
    select
        missing.*,
        missing.printed_value as seen_value,
        '填写该指标的值；不适用的填“—”' as expected
    from missing
    anti join missing_row using (score_month, city_code, source_file, unit_name)
    anti join missing_column using (score_month, source_file, column_name)
    where missing.is_required and missing.is_readable
),

unreadable_value as (
    select
        *,
        corrected_value as seen_value,
        case value_type
            when 'percent' then '百分率，如 99.58%，不适用的填“—”'
            when 'count' then '整数，如 12，不适用的填“—”'
            else '分数，如 0.6，不适用的填“—”'
        end as expected
    from observed
    where not is_readable
),

out_of_range as (
    select
        *,
        corrected_value as seen_value,
        '不小于 ' || {{ plain_number('valid_min') }}
        || coalesce('，不大于 ' || {{ plain_number('valid_max') }}, '') as expected
    from observed
    where obs_value < valid_min or obs_value > valid_max
),

overwritten_value as (
    select
        received.*,
        received.row_key as unit_name,
        received.printed_value as seen_value,
        '空白：该单元格另有推算值（' || imputed.erratum_id || '）' as expected
    from {{ ref('int_cells_corrected') }} as received
    inner join {{ ref('int_cells_corrected') }} as imputed
        using (score_month, feed_code, unit_id, column_name)
    where imputed.is_imputed and not received.is_imputed and received.cell_text is not null
),

correctable_texts as (
    select
        score_month,
        city_code,
        feed_code,
        row_no,
        column_name,
        printed_value
    from {{ ref('int_cells_corrected') }}
    union all
    select
        score_month,
        city_code,
        feed_code,
        row_no,
        'unit_name' as column_name,
        printed_row_key as printed_value
    from {{ ref('int_cells_corrected') }}
),

unmatched_correction as (
    select
        corrections.score_month,
        corrections.city_code,
        corrections.feed as feed_code,
        'cell_corrections.csv' as source_file,
        corrections.row_no,
        corrections.column_name,
        corrections.printed_value as seen_value,
        '与 raw_' || corrections.feed || ' 该行该列的原值一致（' || corrections.erratum_id || '）'
            as expected
    from {{ ref('int_cell_corrections') }} as corrections
    anti join correctable_texts as received
        on
            corrections.score_month = received.score_month
            and corrections.city_code = received.city_code
            and corrections.feed = received.feed_code
            and corrections.row_no = received.row_no
            and corrections.column_name = received.column_name
            and corrections.printed_value = received.printed_value
),

-- A month may come without published scores; if a city has them, it has all.
published_cells as (
    select
        *,
        row_key as unit_name
    from {{ ref('int_cells_corrected') }}
    where feed_kind = 'published_scores' and unit_id is not null
),

published_files as (
    select distinct
        score_month,
        city_code,
        feed_code,
        source_file
    from published_cells
),

published_columns as (
    select distinct
        score_month,
        city_code,
        group_code,
        {{ one_row_each(["dimension_code || '_score'", "'composite_score'"]) }} as column_name
    from {{ ref('int_dimension_weights_monthly') }}
),

published_expected as (
    select
        units.*,
        published_files.feed_code,
        published_files.source_file,
        published_columns.column_name
    from units
    inner join published_files using (score_month, city_code)
    inner join published_columns using (score_month, city_code, group_code)
),

published_value as (
    select
        score_month,
        coalesce(published_expected.city_code, published_cells.city_code) as city_code,
        coalesce(published_cells.feed_code, published_expected.feed_code) as feed_code,
        coalesce(published_cells.source_file, published_expected.source_file) as source_file,
        published_cells.row_no,
        coalesce(published_cells.unit_name, published_expected.unit_name) as unit_name,
        column_name,
        published_cells.corrected_value as seen_value,
        case
            when published_expected.unit_id is null then '空白'
            else '所印得分，如 22.60'
        end as expected
    from published_cells
    full join published_expected using (score_month, unit_id, column_name)
    where
        (published_expected.unit_id is null) != (published_cells.cell_text is null)
        or (published_cells.cell_text is not null and published_cells.cell_value is null)
),

metric_rows as (
    select distinct
        score_month,
        city_code,
        feed_code,
        source_file,
        row_no,
        row_key as metric_code,
        dense_rank() over (
            partition by score_month, city_code, feed_code, row_key order by row_no nulls last
        ) as occurrence
    from {{ ref('int_cells_corrected') }}
    where feed_kind = 'city_metrics' and city_code is not null
),

city_metric as (
    select
        metric_rows.score_month,
        metric_rows.city_code,
        feed_code,
        metric_rows.source_file,
        metric_rows.row_no,
        null as unit_name,
        feeds.key_column as column_name,
        metric_rows.metric_code as seen_value,
        '全市指标代码（见 city_metrics），每个一行' as expected
    from metric_rows
    inner join feeds using (feed_code)
    left join city_metrics using (metric_code)
    where city_metrics.metric_code is null or metric_rows.occurrence > 1
    union all
    select
        score_month,
        city_code,
        feed_code,
        metric_rows.source_file,
        row_no,
        city_metrics.metric_name as unit_name,
        column_name,
        cells.printed_value as seen_value,
        case feed_columns.value_type
            when 'rank' then '名次，如 2，或自末位数起，如 倒数1'
            else '类型为 ' || city_metrics.value_type || ' 的值'
        end as expected
    from metric_rows
    inner join city_metrics using (metric_code)
    inner join {{ ref('int_cells_corrected') }} as cells
        using (score_month, city_code, feed_code, row_no)
    inner join {{ ref('feed_columns') }} as feed_columns using (feed_code, column_name)
    where
        metric_rows.occurrence = 1
        and case
            when feed_columns.value_type = 'rank'
                then cells.cell_text is not null and cells.cell_value is null
            when feed_columns.value_type = 'detail' or city_metrics.value_type = 'rank' then false
            when city_metrics.value_type = 'text' then cells.cell_text is null
            else cells.cell_value is null
        end
),

problems as (
    {{ union_by_name(
        [
            'missing_file', 'missing_city', 'unknown_city', 'unknown_unit', 'repeated_unit',
            'unknown_column', 'unexpected_value', 'missing_column', 'missing_row', 'missing_value',
            'unreadable_value', 'out_of_range', 'overwritten_value', 'unmatched_correction',
            'published_value', 'city_metric',
        ],
        columns=[
            'score_month', 'city_code', 'feed_code', 'source_file', 'row_no', 'unit_name',
            'column_name', 'seen_value', 'expected',
        ],
        label='problem_code',
    ) }}
    {%- if var('case_path', none) %}
    union all by name
    select * from {{ ref('int_case_problems') }}
    {%- endif %}
),

-- A column is known by its code and called by its title.
titles as (
    select
        dimension_code as feed_code,
        indicator_code as column_name,
        indicator_name as column_title
    from {{ ref('indicators') }}
    union all
    select
        feed_code,
        column_name,
        column_label as column_title
    from {{ ref('feed_columns') }}
    union all
    select
        feed_code,
        key_column as column_name,
        key_label as column_title
    from feeds
    union all
    select
        feed_code,
        'city_code' as column_name,
        '城市代码' as column_title
    from feeds
    union all
    select
        feeds.feed_code,
        scores.column_name,
        scores.column_title
    from feeds
    cross join (
        select
            dimension_code || '_score' as column_name,
            dimension_name || '得分' as column_title
        from {{ ref('dimensions') }}
        union all
        values ('composite_score', '综合得分')
    ) as scores
    where feeds.feed_kind = 'published_scores'
)

select
    problems.score_month,
    problems.city_code,
    feed_code,
    coalesce(problems.source_file, 'imputed_cells.csv') as source_file,
    cast(problems.row_no as integer) as row_no,
    problems.unit_name,
    column_name,
    coalesce(titles.column_title, column_name) as column_title,
    problems.seen_value,
    problems.problem_code,
    problems.expected
from problems
left join titles using (feed_code, column_name)
{{ in_order(
    'problems.score_month', 'source_file', 'row_no', 'column_name', 'problems.unit_name',
    'problems.city_code', 'problems.problem_code',
) }}
