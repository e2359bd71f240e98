-- Codes of GB/T 2260 begin with 1 to 8. A random number follows from its subject, and its parts are
-- numbers from 0 to 999 that know nothing of each other.
create schema made;
create macro random_number(subject) as
    md5_number_lower(concat_ws('|', getvariable('seed'), subject));
create macro part(random, number) as
    cast(random // cast(pow(1000, number) as ubigint) % 1000 as bigint);
create macro skewed(part) as part * part * part * part;
create macro two_decimals(hundredths) as
    (hundredths // 100) || '.' || lpad(cast(hundredths % 100 as varchar), 2, '0');
-- Now and then a file has another name of the unit.
create macro written_name(feed_code, score_month, unit_id, unit_name, names) as
    case
        when part(random_number(concat_ws('|', unit_id, feed_code, score_month)), 0) >= 30
            then unit_name
        else coalesce(
            names[
                1 + part(random_number(concat_ws('|', unit_id, feed_code, score_month)), 1)
                % len(names)
            ],
            unit_name
        )
    end;
create table made.months as
select score_month
from intermediate.int_score_months
where score_month between getvariable('first_month') and getvariable('last_month');
create table made.own_units as
select *
from intermediate.int_units_monthly
where city_code not like '9%' and score_month in getvariable('own_months');
create table made.cities as
select
    number,
    cast(900000 + number as varchar) as city_code,
    format('合成{:04d}', number) as stem,
    cast(
        getvariable('first_month') + to_months(cast(1 + (number - 1) % 11 as integer)) as date
    ) as reform_month
from range(1, getvariable('city_count') + 1) as numbers(number);
create table made.templates as
select
    units.unit_id,
    split_part(units.unit_id, '-', -1) as unit_number,
    units.unit_name,
    units.group_code,
    units.official_order,
    aliases.alias_name,
    (
        select min(others.group_code)
        from reference.groups as others
        where
            others.unit_label = unit_groups.unit_label
            and others.group_code != unit_groups.group_code
    ) as other_group_code,
    bool_or(units.region_code is not null) over (partition by units.group_code) as is_region
from intermediate.int_units_monthly as units
inner join reference.groups as unit_groups using (group_code)
left join (
    select
        unit_id,
        min(alias_name) as alias_name
    from reference.unit_aliases
    group by unit_id
) as aliases using (unit_id)
where (units.score_month, units.city_code) = (
    select (score_month, city_code)
    from intermediate.int_units_monthly
    where city_code not like '9%'
    order by score_month, city_code
    limit 1
);
