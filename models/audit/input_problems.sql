-- One row per problem of what was received: which file, row and column, the value seen, what was
-- expected. Empty, or nothing is scored.
with

score_months as (
    select * from {{ ref('int_score_months') }}
),

cells as (
    select
        *,
        {{ clean_text('corrected_value') }} as cell_text
    from {{ ref('int_cells_corrected') }}
),

observations as (
    select * from {{ ref('fct_observations') }}
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

weights as (
    select * from {{ ref('int_dimension_weights_monthly') }}
),

errata as (
    select * from {{ ref('errata') }}
),

printed_names as (
    select distinct
        score_month,
        feed,
        coalesce(source_file, 'imputed_cells.csv') as source_file,
        row_no,
        unit_id,
        unit_name
    from cells
),

unknown_names as (
    select
        printed_names.score_month,
        printed_names.source_file,
        printed_names.row_no,
        printed_names.unit_name,
        arg_max(
            units.unit_name,
            jaro_winkler_similarity(units.unit_name, coalesce(printed_names.unit_name, ''))
        ) as nearest_name
    from printed_names
    inner join units on printed_names.score_month = units.score_month
    where printed_names.unit_id is null
    group by
        printed_names.score_month,
        printed_names.source_file,
        printed_names.row_no,
        printed_names.unit_name
),

unknown_unit as (
    select
        score_month,
        source_file,
        row_no,
        unit_name,
        'unit_name' as column_name,
        unit_name as seen_value,
        'unknown_unit' as problem_code,
        '本月名册（units、unit_aliases）中的单位名称，最接近的是“' || nearest_name || '”' as expected
    from unknown_names
),

repeated_unit as (
    select
        score_month,
        source_file,
        row_no,
        unit_name,
        'unit_name' as column_name,
        unit_name as seen_value,
        'repeated_unit' as problem_code,
        '每个单位只占一行，该单位第一次出现在第' || first_row_no || '行' as expected
    from (
        select
            *,
            min(row_no) over (partition by score_month, feed, unit_id) as first_row_no
        from printed_names
        where unit_id is not null and row_no is not null
    ) as numbered
    where row_no > first_row_no
),

unknown_column as (
    select distinct
        cells.score_month,
        cells.source_file,
        1 as row_no,
        cast(null as varchar) as unit_name,
        cells.column_name,
        cells.column_name as seen_value,
        'unknown_column' as problem_code,
        '该文件的指标列名（见 indicators）' as expected
    from cells
    left join indicators
        on
            cells.feed = indicators.dimension_code
            and cells.column_name = indicators.indicator_code
    where indicators.indicator_code is null and cells.feed != 'published_scores'
),

unexpected_value as (
    select
        cells.score_month,
        coalesce(cells.source_file, 'imputed_cells.csv') as source_file,
        cells.row_no,
        cells.unit_name,
        cells.column_name,
        cells.corrected_value as seen_value,
        'unexpected_value' as problem_code,
        '空白：' || groups.group_name || '不考核该指标' as expected
    from cells
    inner join indicators
        on
            cells.feed = indicators.dimension_code
            and cells.column_name = indicators.indicator_code
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
        cells.cell_text not in ('—', '-')
        and group_indicators.indicator_code is null
),

observed as (
    select
        observations.*,
        group_indicators.value_type,
        group_indicators.valid_min,
        group_indicators.valid_max,
        group_indicators.is_required,
        case
            when observations.source_file is null and observations.erratum_id is not null
                then 'imputed_cells.csv'
            else
                'raw_' || observations.dimension_code || '__'
                || strftime(observations.score_month, '%Y_%m') || '.csv'
        end as file_name
    from observations
    inner join group_indicators
        on
            observations.score_month = group_indicators.score_month
            and observations.group_code = group_indicators.group_code
            and observations.indicator_code = group_indicators.indicator_code
),

-- A column that a month's file lacks altogether is one problem, not one per unit.
missing_column as (
    select
        observed.score_month,
        observed.file_name as source_file,
        1 as row_no,
        cast(null as varchar) as unit_name,
        observed.indicator_code as column_name,
        cast(null as varchar) as seen_value,
        'missing_column' as problem_code,
        '该列' as expected
    from observed
    left join cells
        on
            observed.score_month = cells.score_month
            and observed.dimension_code = cells.feed
            and observed.indicator_code = cells.column_name
    where observed.is_required
    group by observed.score_month, observed.file_name, observed.indicator_code
    having count(cells.feed) = 0
),

missing_row as (
    select
        score_month,
        file_name as source_file,
        cast(null as integer) as row_no,
        unit_name,
        'unit_name' as column_name,
        cast(null as varchar) as seen_value,
        'missing_row' as problem_code,
        '该单位应占一行' as expected
    from observed
    group by score_month, file_name, dimension_code, unit_name
    having count(source_row) = 0 and bool_and(obs_status = 'L')
),

missing_value as (
    select
        observed.score_month,
        observed.file_name as source_file,
        observed.source_row as row_no,
        observed.unit_name,
        observed.indicator_code as column_name,
        observed.printed_value as seen_value,
        'missing_value' as problem_code,
        '填写该指标的值；不适用的填“—”' as expected
    from observed
    left join missing_row
        on
            observed.score_month = missing_row.score_month
            and observed.file_name = missing_row.source_file
            and observed.unit_name = missing_row.unit_name
    left join missing_column
        on
            observed.score_month = missing_column.score_month
            and observed.file_name = missing_column.source_file
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
        file_name as source_file,
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
        file_name as source_file,
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
        received.source_file,
        received.row_no,
        received.unit_name,
        received.column_name,
        received.printed_value as seen_value,
        'overwritten_value' as problem_code,
        '空白：该单元格另有推算值（' || imputed.erratum_id || '）' as expected
    from cells as received
    inner join cells as imputed
        on
            received.score_month = imputed.score_month
            and received.feed = imputed.feed
            and received.unit_id = imputed.unit_id
            and received.column_name = imputed.column_name
            and imputed.is_imputed
    where not received.is_imputed and received.cell_text is not null
),

unmatched_correction as (
    select
        errata.score_month,
        'cell_corrections.csv' as source_file,
        corrections.row_no,
        cast(null as varchar) as unit_name,
        corrections.column_name,
        corrections.printed_value as seen_value,
        'unmatched_correction' as problem_code,
        '与 raw_' || corrections.feed || ' 该行该列的原值一致（' || corrections.erratum_id || '）'
            as expected
    from {{ ref('cell_corrections') }} as corrections
    inner join errata on corrections.erratum_id = errata.erratum_id
    inner join score_months on errata.score_month = score_months.score_month
    left join cells
        on
            errata.score_month = cells.score_month
            and corrections.feed = cells.feed
            and corrections.row_no = cells.row_no
            and (
                (
                    corrections.column_name = 'unit_name'
                    and corrections.printed_value = cells.printed_unit_name
                )
                or (
                    corrections.column_name = cells.column_name
                    and corrections.printed_value = cells.printed_value
                )
            )
    where cells.feed is null
),

-- A month may come without published scores; if it has them, it has all.
published_months as (
    select
        score_month,
        max(source_file) as source_file
    from cells
    where feed = 'published_scores'
    group by score_month
),

published_expected as (
    select
        units.score_month,
        published_months.source_file,
        units.unit_id,
        units.unit_name,
        score_columns.column_name
    from units
    inner join published_months on units.score_month = published_months.score_month
    inner join (
        select
            score_month,
            group_code,
            dimension_code || '_score' as column_name
        from weights
        union
        select
            score_month,
            group_code,
            'composite_score' as column_name
        from weights
    ) as score_columns
        on
            units.score_month = score_columns.score_month
            and units.group_code = score_columns.group_code
),

published_cells as (
    select *
    from cells
    where feed = 'published_scores' and unit_id is not null
),

published_value as (
    select
        coalesce(published_expected.score_month, published_cells.score_month) as score_month,
        coalesce(published_cells.source_file, published_expected.source_file) as source_file,
        published_cells.row_no,
        coalesce(published_cells.unit_name, published_expected.unit_name) as unit_name,
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
        or (
            published_cells.cell_text is not null
            and {{ parse_number('published_cells.cell_text', "'points'") }} is null
        )
),

city_metric as (
    select
        received.score_month,
        received.source_file,
        received.row_no,
        cast(null as varchar) as unit_name,
        faults.column_name,
        faults.seen_value,
        'city_metric' as problem_code,
        faults.expected
    from (
        select
            *,
            row_number() over (
                partition by score_month, metric_code order by row_no nulls last
            ) as occurrence
        from {{ ref('stg_bulletin__city_metrics') }}
    ) as received
    left join {{ ref('city_metrics') }} as known on received.metric_code = known.metric_code
    left join {{ ref('fct_city_metrics') }} as metrics
        on
            received.score_month = metrics.score_month
            and received.row_no = metrics.source_row
    inner join lateral (
        select
            'metric_code' as column_name,
            received.metric_code as seen_value,
            '全市指标代码（见 city_metrics），每个一行' as expected
        where known.metric_code is null or received.occurrence > 1
        union all
        select
            'value' as column_name,
            received.printed_value as seen_value,
            '类型为 ' || known.value_type || ' 的值' as expected
        where
            received.occurrence = 1
            and (
                (
                    known.value_type in ('percent', 'count', 'number')
                    and metrics.metric_value is null
                )
                or (known.value_type = 'text' and metrics.metric_text is null)
            )
        union all
        select
            'province_rank' as column_name,
            received.printed_rank as seen_value,
            '名次，如 2，或自末位数起，如 倒数1' as expected
        where
            {{ clean_text('received.printed_rank') }} is not null
            and metrics.province_rank is null
            and known.metric_code is not null
            and received.occurrence = 1
    ) as faults on true
),

final as (
    {%- for problem in [
        'unknown_unit', 'repeated_unit', 'unknown_column', 'unexpected_value', 'missing_column',
        'missing_row', 'missing_value', 'unreadable_value', 'out_of_range', 'overwritten_value',
        'unmatched_correction', 'published_value', 'city_metric',
    ] %}
    select
        score_month,
        source_file,
        cast(row_no as integer) as row_no,
        unit_name,
        column_name,
        seen_value,
        problem_code,
        expected
    from {{ problem }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
)

select * from final
order by
    score_month nulls last,
    source_file nulls last,
    row_no nulls last,
    column_name nulls last,
    unit_name nulls last
