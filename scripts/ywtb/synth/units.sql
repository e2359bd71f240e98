-- In its month of reform a city renames a unit, moves one to another group, and puts one in the
-- place of another. Of two units of a group one is drawn as the other, so that their totals tie.
create table made.changes as
with

placed as (
    select
        *,
        city_code || '-' || unit_number as made_id,
        row_number() over (
            partition by number, is_region, alias_name is null
            order by random_number(concat_ws('|', city_code, unit_number)), unit_number
        ) as place
    from made.templates
    cross join made.cities
),

changed as (
    select
        *,
        case
            when is_region then null
            when alias_name is not null and place = 1 then 'renamed'
            when alias_name is not null and place = 2 then 'replaced'
            when alias_name is null and other_group_code is not null and place = 1 then 'moved'
        end as planned,
        case when reform_month <= getvariable('last_month') then planned end as change,
        case
            when is_region
                then format(
                    '{}第{}{}',
                    stem,
                    row_number() over (
                        partition by number, is_region order by official_order, unit_id
                    ),
                    right(unit_name, 1)
                )
            else unit_name
        end as made_name
    from placed
)

select
    *,
    case
        when planned is null and row_number() over unchanged = 2 then lag(made_id) over unchanged
        else made_id
    end as drawn_as
from changed
window unchanged as (
    partition by number, group_code, planned is null order by official_order, unit_id
);
create table made.units as
select
    made_id as unit_id,
    city_code,
    made_name as unit_name,
    group_code,
    official_order,
    drawn_as,
    getvariable('first_month') as valid_from,
    case
        when change = 'replaced' then cast(reform_month - interval 1 month as date)
        else getvariable('last_month')
    end as valid_to
from made.changes
union all
select
    case change when 'replaced' then made_id || 'N' else made_id end as unit_id,
    city_code,
    case change when 'moved' then unit_name else alias_name end as unit_name,
    case change when 'moved' then other_group_code else group_code end as group_code,
    official_order,
    drawn_as,
    reform_month as valid_from,
    getvariable('last_month') as valid_to
from made.changes
where change is not null;
create table made.aliases as
select
    aliases.alias_name,
    changes.made_id as unit_id,
    aliases.note
from made.changes as changes
inner join reference.unit_aliases as aliases using (unit_id)
where not is_region
union all
select
    unit_name,
    made_id,
    '原名'
from made.changes
where change = 'renamed'
union all
select
    stem || '市' || made_name,
    made_id,
    '全称'
from made.changes
where is_region;

-- The seeds: the project's own cities with their units in the months that it has, and ours.
create view made.seed_cities as
select * from reference.cities where city_code not like '9%'
union all by name
select
    city_code,
    stem || '市' as city_name,
    stem || '市一网通办考核办公室（合成数据）' as office_name,
    stem || '市（合成数据）' as masthead_name,
    (select max(worst_good_rank) from reference.cities) as worst_good_rank
from made.cities
order by city_code;
create view made.seed_units as
select * from reference.units where false
union all by name
select
    * exclude (score_month),
    score_month as valid_from,
    score_month as valid_to
from made.own_units
union all by name
select * exclude (drawn_as) from made.units
order by city_code, valid_from, official_order, unit_id;
create view made.seed_unit_aliases as
select aliases.*
from reference.unit_aliases as aliases
semi join made.own_units as units using (unit_id)
union all by name
select * from made.aliases
order by unit_id, alias_name;
