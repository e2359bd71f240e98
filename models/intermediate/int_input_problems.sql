-- One row per problem of what was received: which file, row and column, the value seen, what was
-- expected. Empty, or nothing is scored. Each cell has at most one problem of each kind.
{{ config(schema='audit', alias='input_problems') }}
with

score_months as (
    select * from {{ ref('int_score_months') }}
),

cities as (
    select * from {{ ref('int_cities_monthly') }}
),

feeds as (
    select * from {{ ref('feeds') }}
),

feed_columns as (
    select * from {{ ref('feed_columns') }}
),

cells as (
    select
        *,
        coalesce(source_file, 'imputed_cells.csv') as file_name
    from {{ ref('int_cells_corrected') }}
),

observations as (
    select * from {{ ref('int_observations') }}
),

units as (
    select * from {{ ref('int_units_monthly') }}
),

groups as (
    select * from {{ ref('groups') }}
),

group_indicators as (
    select * from {{ ref('int_group_indicators_monthly') }}
),

indicators as (
    select * from {{ ref('indicators') }}
),

dimensions as (
    select * from {{ ref('dimensions') }}
),

city_metrics as (
    select * from {{ ref('city_metrics') }}
),

weights as (
    select * from {{ ref('int_dimension_weights_monthly') }}
),

errata as (
    select * from {{ ref('int_errata') }}
),

corrections as (
    select * from {{ ref('cell_corrections') }}
),

city_lists as (
    select
        score_month,
        string_agg(city_code, '、' order by city_code) as city_codes
    from cities
    group by score_month
),

received_feeds as (
    select
        score_month,
        feed_code,
        file_name,
        bool_or(city_code is not null) as has_city
    from cells
    where not is_imputed
    group by score_month, feed_code, file_name
),

-- What a month needs: city-level figures, and every feed with an indicator that somebody reports.
missing_file as (
    select
        score_months.score_month,
        cast(null as varchar) as city_code,
        feeds.feed_code,
        {{ raw_file_name('feeds.feed_code', 'score_months.score_month') }} as file_name,
        cast(null as integer) as row_no,
        cast(null as varchar) as unit_name,
        feeds.key_column as column_name,
        cast(null as varchar) as seen_value,
        'missing_file' as problem_code,
        '每月必备的文件' as expected
    from score_months
    cross join feeds
    left join received_feeds
        on
            score_months.score_month = received_feeds.score_month
            and feeds.feed_code = received_feeds.feed_code
    left join (
        select distinct
            score_month,
            dimension_code
        from group_indicators
    ) as reported
        on
            score_months.score_month = reported.score_month
            and feeds.feed_code = reported.dimension_code
    where
        feeds.is_required
        and received_feeds.feed_code is null
        and (feeds.feed_kind != 'indicators' or reported.dimension_code is not null)
),

missing_city as (
    select distinct
        cells.score_month,
        cells.city_code,
        cells.feed_code,
        cells.file_name,
        case when received_feeds.has_city then cells.row_no else 1 end as row_no,
        cast(null as varchar) as unit_name,
        'city_code' as column_name,
        cast(null as varchar) as seen_value,
        'missing_city' as problem_code,
        '首列 city_code，每行写明城市：本月有 ' || coalesce(city_lists.city_codes, '0 个城市')
            as expected
    from cells
    left join received_feeds
        on
            cells.score_month = received_feeds.score_month
            and cells.feed_code = received_feeds.feed_code
            and cells.file_name = received_feeds.file_name
    left join city_lists on cells.score_month = city_lists.score_month
    where cells.city_code is null
),

unknown_city as (
    select distinct
        cells.score_month,
        cells.city_code,
        cells.feed_code,
        cells.file_name,
        cells.row_no,
        cast(null as varchar) as unit_name,
        'city_code' as column_name,
        cells.city_code as seen_value,
        'unknown_city' as problem_code,
        '本月有单位的城市：' || city_lists.city_codes as expected
    from cells
    inner join city_lists on cells.score_month = city_lists.score_month
    left join cities
        on
            cells.score_month = cities.score_month
            and cells.city_code = cities.city_code
    where cells.city_code is not null and cities.city_code is null
),

unit_rows as (
    select distinct
        cells.score_month,
        cells.city_code,
        cells.feed_code,
        cells.file_name,
        cells.row_no,
        cells.unit_id,
        cells.row_key as unit_name
    from cells
    inner join cities
        on
            cells.score_month = cities.score_month
            and cells.city_code = cities.city_code
    where cells.feed_kind != 'city_metrics'
),

unknown_unit as (
    select
        unit_rows.score_month,
        unit_rows.city_code,
        unit_rows.feed_code,
        unit_rows.file_name,
        unit_rows.row_no,
        unit_rows.unit_name,
        'unit_name' as column_name,
        unit_rows.unit_name as seen_value,
        'unknown_unit' as problem_code,
        '本月名册（units、unit_aliases）中的单位名称，最接近的是“'
        || arg_max(
            units.unit_name,
            jaro_winkler_similarity(units.unit_name, coalesce(unit_rows.unit_name, ''))
        )
        || '”' as expected
    from unit_rows
    inner join units
        on
            unit_rows.score_month = units.score_month
            and unit_rows.city_code = units.city_code
    where unit_rows.unit_id is null
    group by
        unit_rows.score_month,
        unit_rows.city_code,
        unit_rows.feed_code,
        unit_rows.file_name,
        unit_rows.row_no,
        unit_rows.unit_name
),

repeated_unit as (
    select
        score_month,
        city_code,
        feed_code,
        file_name,
        row_no,
        unit_name,
        'unit_name' as column_name,
        unit_name as seen_value,
        'repeated_unit' as problem_code,
        '每个单位只占一行，该单位第一次出现在第' || first_row_no || '行' as expected
    from (
        select
            *,
            min(row_no) over (partition by score_month, feed_code, unit_id) as first_row_no
        from unit_rows
        where unit_id is not null and row_no is not null
    ) as numbered
    where row_no > first_row_no
),

unknown_column as (
    select distinct
        score_month,
        cast(null as varchar) as city_code,
        feed_code,
        file_name,
        1 as row_no,
        cast(null as varchar) as unit_name,
        column_name,
        column_name as seen_value,
        'unknown_column' as problem_code,
        '该文件的指标列名（见 indicators）' as expected
    from cells
    where feed_kind = 'indicators' and value_type is null
),

unexpected_value as (
    select
        cells.score_month,
        cells.city_code,
        cells.feed_code,
        cells.file_name,
        cells.row_no,
        cells.row_key as unit_name,
        cells.column_name,
        cells.corrected_value as seen_value,
        'unexpected_value' as problem_code,
        '空白：' || groups.group_name || '不考核该指标' as expected
    from cells
    inner join units
        on
            cells.score_month = units.score_month
            and cells.unit_id = units.unit_id
    inner join groups on units.group_code = groups.group_code
    left join group_indicators
        on
            units.score_month = group_indicators.score_month
            and units.group_code = group_indicators.group_code
            and cells.column_name = group_indicators.indicator_code
    where
        cells.feed_kind = 'indicators'
        and cells.value_type is not null
        and cells.cell_text is not null
        and not cells.is_not_applicable
        and group_indicators.indicator_code is null
),

observed as (
    select
        observations.*,
        observations.dimension_code as feed_code,
        case
            when observations.source_file is null and observations.erratum_id is not null
                then 'imputed_cells.csv'
            else {{ raw_file_name('observations.dimension_code', 'observations.score_month') }}
        end as file_name
    from observations
),

-- A column that a month's file lacks altogether is one problem, not one per unit; nor is a file.
missing_column as (
    select
        observed.score_month,
        cast(null as varchar) as city_code,
        observed.feed_code,
        observed.file_name,
        1 as row_no,
        cast(null as varchar) as unit_name,
        observed.indicator_code as column_name,
        cast(null as varchar) as seen_value,
        'missing_column' as problem_code,
        '该列' as expected
    from observed
    inner join received_feeds
        on
            observed.score_month = received_feeds.score_month
            and observed.feed_code = received_feeds.feed_code
            and received_feeds.has_city
    left join cells
        on
            observed.score_month = cells.score_month
            and observed.feed_code = cells.feed_code
            and observed.indicator_code = cells.column_name
    where observed.is_required
    group by
        observed.score_month, observed.feed_code, observed.file_name, observed.indicator_code
    having count(cells.feed_code) = 0
),

missing_row as (
    select
        observed.score_month,
        observed.city_code,
        observed.feed_code,
        observed.file_name,
        cast(null as integer) as row_no,
        observed.unit_name,
        'unit_name' as column_name,
        cast(null as varchar) as seen_value,
        'missing_row' as problem_code,
        '该单位应占一行' as expected
    from observed
    inner join received_feeds
        on
            observed.score_month = received_feeds.score_month
            and observed.feed_code = received_feeds.feed_code
            and received_feeds.has_city
    group by
        observed.score_month,
        observed.city_code,
        observed.feed_code,
        observed.file_name,
        observed.unit_name
    having count(observed.source_row) = 0 and bool_and(observed.obs_status = 'L')
),

missing_value as (
    select
        observed.score_month,
        observed.city_code,
        observed.feed_code,
        observed.file_name,
        observed.source_row as row_no,
        observed.unit_name,
        observed.indicator_code as column_name,
        observed.printed_value as seen_value,
        'missing_value' as problem_code,
        '填写该指标的值；不适用的填“—”' as expected
    from observed
    inner join received_feeds
        on
            observed.score_month = received_feeds.score_month
            and observed.feed_code = received_feeds.feed_code
            and received_feeds.has_city
    left join missing_row
        on
            observed.score_month = missing_row.score_month
            and observed.city_code = missing_row.city_code
            and observed.file_name = missing_row.file_name
            and observed.unit_name = missing_row.unit_name
    left join missing_column
        on
            observed.score_month = missing_column.score_month
            and observed.file_name = missing_column.file_name
            and observed.indicator_code = missing_column.column_name
    where
        observed.obs_status = 'L'
        and observed.is_readable
        and observed.is_required
        and missing_row.unit_name is null
        and missing_column.column_name is null
),

unreadable_value as (
    select
        score_month,
        city_code,
        feed_code,
        file_name,
        source_row as row_no,
        unit_name,
        indicator_code as column_name,
        corrected_value as seen_value,
        'unreadable_value' as problem_code,
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
        score_month,
        city_code,
        feed_code,
        file_name,
        source_row as row_no,
        unit_name,
        indicator_code as column_name,
        corrected_value as seen_value,
        'out_of_range' as problem_code,
        '不小于 ' || {{ plain_number('valid_min') }}
        || coalesce('，不大于 ' || {{ plain_number('valid_max') }}, '') as expected
    from observed
    where obs_value < valid_min or obs_value > valid_max
),

overwritten_value as (
    select
        received.score_month,
        received.city_code,
        received.feed_code,
        received.file_name,
        received.row_no,
        received.row_key as unit_name,
        received.column_name,
        received.printed_value as seen_value,
        'overwritten_value' as problem_code,
        '空白：该单元格另有推算值（' || imputed.erratum_id || '）' as expected
    from cells as received
    inner join cells as imputed
        on
            received.score_month = imputed.score_month
            and received.feed_code = imputed.feed_code
            and received.unit_id = imputed.unit_id
            and received.column_name = imputed.column_name
            and imputed.is_imputed
    where not received.is_imputed and received.cell_text is not null
),

unmatched_correction as (
    select
        errata.score_month,
        errata.city_code,
        corrections.feed as feed_code,
        'cell_corrections.csv' as file_name,
        corrections.row_no,
        cast(null as varchar) as unit_name,
        corrections.column_name,
        corrections.printed_value as seen_value,
        'unmatched_correction' as problem_code,
        '与 raw_' || corrections.feed || ' 该行该列的原值一致（' || corrections.erratum_id || '）'
            as expected
    from corrections
    inner join errata on corrections.erratum_id = errata.erratum_id
    left join cells
        on
            errata.score_month = cells.score_month
            and corrections.feed = cells.feed_code
            and corrections.row_no = cells.row_no
            and (
                (
                    corrections.column_name = 'unit_name'
                    and corrections.printed_value = cells.printed_row_key
                )
                or (
                    corrections.column_name = cells.column_name
                    and corrections.printed_value = cells.printed_value
                )
            )
    where cells.feed_code is null
),

-- A month may come without published scores; if a city has them, it has all.
published_cells as (
    select *
    from cells
    where feed_kind = 'published_scores' and unit_id is not null
),

published_expected as (
    select
        units.score_month,
        units.city_code,
        published.feed_code,
        published.file_name,
        units.unit_id,
        units.unit_name,
        score_columns.column_name
    from units
    inner join (
        select distinct
            score_month,
            city_code,
            feed_code,
            file_name
        from published_cells
    ) as published
        on
            units.score_month = published.score_month
            and units.city_code = published.city_code
    inner join (
        select
            score_month,
            city_code,
            group_code,
            dimension_code || '_score' as column_name
        from weights
        union
        select
            score_month,
            city_code,
            group_code,
            'composite_score' as column_name
        from weights
    ) as score_columns
        on
            units.score_month = score_columns.score_month
            and units.city_code = score_columns.city_code
            and units.group_code = score_columns.group_code
),

published_value as (
    select
        coalesce(published_expected.score_month, published_cells.score_month) as score_month,
        coalesce(published_expected.city_code, published_cells.city_code) as city_code,
        coalesce(published_cells.feed_code, published_expected.feed_code) as feed_code,
        coalesce(published_cells.file_name, published_expected.file_name) as file_name,
        published_cells.row_no,
        coalesce(published_cells.row_key, published_expected.unit_name) as unit_name,
        coalesce(published_cells.column_name, published_expected.column_name) as column_name,
        published_cells.corrected_value as seen_value,
        'published_value' as problem_code,
        case
            when published_expected.unit_id is null then '空白'
            else '所印得分，如 22.60'
        end as expected
    from published_cells
    full join published_expected
        on
            published_cells.score_month = published_expected.score_month
            and published_cells.unit_id = published_expected.unit_id
            and published_cells.column_name = published_expected.column_name
    where
        (published_expected.unit_id is null) != (published_cells.cell_text is null)
        or (published_cells.cell_text is not null and published_cells.cell_value is null)
),

metric_rows as (
    select distinct
        score_month,
        city_code,
        feed_code,
        file_name,
        row_no,
        row_key,
        dense_rank() over (
            partition by score_month, city_code, feed_code, row_key order by row_no nulls last
        ) as occurrence
    from cells
    where feed_kind = 'city_metrics' and city_code is not null
),

city_metric as (
    select
        metric_rows.score_month,
        metric_rows.city_code,
        metric_rows.feed_code,
        metric_rows.file_name,
        metric_rows.row_no,
        cast(null as varchar) as unit_name,
        feeds.key_column as column_name,
        metric_rows.row_key as seen_value,
        'city_metric' as problem_code,
        '全市指标代码（见 city_metrics），每个一行' as expected
    from metric_rows
    inner join feeds on metric_rows.feed_code = feeds.feed_code
    left join city_metrics on metric_rows.row_key = city_metrics.metric_code
    where city_metrics.metric_code is null or metric_rows.occurrence > 1
    union all
    select
        metric_rows.score_month,
        metric_rows.city_code,
        metric_rows.feed_code,
        metric_rows.file_name,
        metric_rows.row_no,
        city_metrics.metric_name as unit_name,
        cells.column_name,
        cells.printed_value as seen_value,
        'city_metric' as problem_code,
        case feed_columns.value_type
            when 'rank' then '名次，如 2，或自末位数起，如 倒数1'
            else '类型为 ' || city_metrics.value_type || ' 的值'
        end as expected
    from metric_rows
    inner join city_metrics on metric_rows.row_key = city_metrics.metric_code
    inner join cells
        on
            metric_rows.score_month = cells.score_month
            and metric_rows.feed_code = cells.feed_code
            and metric_rows.row_no = cells.row_no
    inner join feed_columns
        on
            cells.feed_code = feed_columns.feed_code
            and cells.column_name = feed_columns.column_name
    where
        metric_rows.occurrence = 1
        and case feed_columns.value_type
            when 'rank' then cells.cell_text is not null and cells.cell_value is null
            when 'value'
                then
                    case city_metrics.value_type
                        when 'rank' then false
                        when 'text' then cells.cell_text is null
                        else cells.cell_value is null
                    end
            else false
        end
),

problems as (
    {%- for problem in [
        'missing_file', 'missing_city', 'unknown_city', 'unknown_unit', 'repeated_unit',
        'unknown_column', 'unexpected_value', 'missing_column', 'missing_row', 'missing_value',
        'unreadable_value', 'out_of_range', 'overwritten_value', 'unmatched_correction',
        'published_value', 'city_metric',
    ] %}
    select * from {{ problem }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- A column is known by its code and called by its title.
titles as (
    select
        dimension_code as feed_code,
        indicator_code as column_name,
        indicator_name as column_title
    from indicators
    union all
    select
        feed_code,
        column_name,
        column_label as column_title
    from feed_columns
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
        feed_code,
        'composite_score' as column_name,
        '综合得分' as column_title
    from feeds
    where feed_kind = 'published_scores'
    union all
    select
        feeds.feed_code,
        dimensions.dimension_code || '_score' as column_name,
        dimensions.dimension_name || '得分' as column_title
    from feeds
    cross join dimensions
    where feeds.feed_kind = 'published_scores'
),

final as (
    select
        problems.score_month,
        problems.city_code,
        problems.feed_code,
        problems.file_name as source_file,
        cast(problems.row_no as integer) as row_no,
        problems.unit_name,
        problems.column_name,
        coalesce(titles.column_title, problems.column_name) as column_title,
        problems.seen_value,
        problems.problem_code,
        problems.expected
    from problems
    left join titles
        on
            problems.feed_code = titles.feed_code
            and problems.column_name = titles.column_name
)

select * from final
order by
    score_month nulls last,
    source_file nulls last,
    row_no nulls last,
    column_name nulls last,
    unit_name nulls last
