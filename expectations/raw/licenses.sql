-- One row per month and unit: the share of new licences sealed beside the number unsealed.
with

units as (
    select
        score_month,
        city_code,
        place,
        coalesce(
            max(row_no) filter (where column_name = 'unsealed_new_count'), max(row_no)
        ) as row_no,
        unit_name,
        'unsealed_new_count' as column_name,
        max(column_title) filter (where column_name = 'unsealed_new_count') as column_title,
        max(cell_value) filter (where column_name = 'unsealed_new_count') as unsealed_new_count,
        bool_or(cell_value = valid_max) filter (where column_name = 'new_seal_rate') as is_full,
        bool_or(is_not_applicable) filter (where column_name = 'new_seal_rate') as is_without
    from arrived_cells
    where column_name in ('new_seal_rate', 'unsealed_new_count')
    group by score_month, city_code, place, unit_name
)

select
    *,
    case when not is_full then unsealed_new_count end as count_of_unsealed,
    case when is_without then unsealed_new_count end as count_of_none,
    case when is_full then unsealed_new_count end as count_of_sealed
from units
