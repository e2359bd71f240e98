-- One row per month, city, annex and unit that the annex should list, or does.
with

annexes as (
    select * from intermediate.int_annexes_monthly
),

units as (
    select * from marts.dim_units
),

wanted as (
    select
        annexes.score_month,
        annexes.mart_name,
        units.city_code,
        units.unit_name
    from annexes
    inner join units
        on
            annexes.score_month = units.score_month
            and list_contains(string_split(annexes.group_codes, '|'), units.group_code)
),

printed as (
    select
        score_month,
        mart_name,
        city_code,
        unit_name,
        count(*) as row_count
    from printed_rows
    group by score_month, mart_name, city_code, unit_name
),

final as (
    select
        coalesce(wanted.score_month, printed.score_month) as score_month,
        coalesce(wanted.city_code, printed.city_code) as city_code,
        coalesce(wanted.mart_name, printed.mart_name) as place,
        coalesce(wanted.unit_name, printed.unit_name) as unit_name,
        coalesce(printed.row_count, 0) as row_count,
        case when wanted.unit_name is null then printed.unit_name end as unlisted_unit
    from wanted
    full join printed
        on
            wanted.score_month = printed.score_month
            and wanted.city_code = printed.city_code
            and wanted.mart_name = printed.mart_name
            and wanted.unit_name = printed.unit_name
)

select * from final
