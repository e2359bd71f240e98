-- One row per month and city with a month before it in the release: the latest of those.
create temp view earlier_months as
select
    score_month,
    city_code,
    lag(score_month) over (
        partition by city_code order by score_month nulls last
    ) as earlier_month
from intermediate.int_cities_monthly
qualify earlier_month is not null
