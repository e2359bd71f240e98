-- Rows of a file of the project's own cities; one that names no city is of the only one.
alter table made.received add column if not exists city_code varchar;
create or replace table made.own as
select
    * replace (
        coalesce(
            city_code,
            (
                select min(city_code) from made.own_units
                where score_month = getvariable('own_month')
            )
        ) as city_code
    )
from made.received
where coalesce(city_code not like '9%', true);
