-- One row per score month and city-level figure of the bulletin's narrative.
with

received as (
    -- A figure that stands twice counts once; `input_problems` names the other.
    select
        *,
        row_number() over (
            partition by score_month, metric_code order by row_no nulls last
        ) as occurrence,
        {{ clean_text('printed_value') }} as value_text,
        {{ clean_text('printed_rank') }} as rank_text
    from {{ ref('stg_bulletin__city_metrics') }}
),

city_metrics as (
    select * from {{ ref('city_metrics') }}
),

-- The file names no city: it belongs to the one city there is.
cities as (
    select * from {{ ref('cities') }}
),

final as (
    select
        received.score_month,
        cities.city_code,
        received.metric_code,
        city_metrics.metric_name,
        {{ parse_number('received.value_text', 'city_metrics.value_type') }} as metric_value,
        case when city_metrics.value_type = 'text' then received.value_text end as metric_text,
        city_metrics.value_unit,
        cast(
            nullif(regexp_extract(received.rank_text, '^(倒数)?(\d{1,3})$', 2), '') as integer
        ) as province_rank,
        coalesce(received.rank_text like '倒数%', false) as is_rank_from_bottom,
        received.detail,
        received.row_no as source_row
    from received
    inner join city_metrics on received.metric_code = city_metrics.metric_code
    cross join cities
    where received.occurrence = 1
)

select * from final
order by score_month nulls last, metric_code nulls last
