-- Most lose nothing, most of the time; some lose little or much along the whole curve; a few lie at
-- its ends. `trait` stays with the unit, `whim` is the month's. Of two indicators that could
-- contradict each other one follows from the other.
create or replace table made.unit_months as
select
    cities.number,
    cast(row_number() over () as integer) as unit_no,
    units.*,
    names.names,
    unit_groups.group_order,
    months.score_month
from made.units as units
inner join made.cities as cities using (city_code)
inner join reference.groups as unit_groups using (group_code)
inner join made.months as months on months.score_month between units.valid_from and units.valid_to
left join (
    select
        unit_id,
        list(alias_name order by alias_name) as names
    from made.aliases
    group by unit_id
) as names using (unit_id)
where cities.number between getvariable('from_city') and getvariable('to_city')
qualify
    row_number() over (partition by months.score_month, unit_id order by units.valid_from desc) = 1;
create or replace table made.drawn as
with

random as (
    select
        units.unit_no,
        reported.* exclude (score_month, group_code),
        random_number(concat_ws('|', units.drawn_as, reported.indicator_code)) as trait,
        random_number(concat_ws('|', units.drawn_as, reported.indicator_code, units.score_month))
            as whim
    from made.unit_months as units
    inner join made.reported as reported using (score_month, group_code)
),

drawn as (
    select
        *,
        part(trait, 0) as kind,
        part(trait, 1) as place,
        1 + part(trait, 2) % greatest(len(bends) - 1, 1) as segment_no,
        part(whim, 0) as slip,
        part(whim, 1) as drift
    from random
),

placed as (
    select
        *,
        case
            when kind < 3 then top - bottom
            when kind < 100
                then greatest(
                    (top - bottom) * skewed(place) // 1000000000000 * (950 + drift // 10) // 1000, 1
                )
            when slip < 15 then greatest((top - bottom) * skewed(drift) // 5000000000000, 1)
            else 0
        end as lost,
        bends[segment_no]
        + (bends[segment_no + 1] - bends[segment_no])
        * case value_type when 'count' then skewed(place) // 1000000000 else place end
        // 1000 as earned
    from drawn
)

select
    unit_no,
    reported_no,
    trait,
    place,
    least(
        greatest(
            case
                when value_type = 'text' then null
                when is_fault and is_rising then top - lost
                when is_fault then bottom + lost
                when value_type = 'points' and kind < 60 then top
                when value_type = 'points'
                    then top - top * 85 * place * place // 500000000 * 5 + (drift // 334 - 1) * 5
                when kind < 5 then bottom
                when kind > 994 then top + drift // 100
                else earned + (earned * drift // 1000 - earned // 2) // 10
            end,
            bottom
        ),
        coalesce(best, case when value_type = 'points' then top end, 9999999)
    ) as figure,
    part(trait, 3)
    < case value_type when 'percent' then 150 when 'count' then 20 else 0 end as is_left_out
from placed;
create or replace table made.figures as
select
    drawn.unit_no,
    drawn.reported_no,
    drawn.trait,
    case
        when pairs.relation != 'faults_left' or pairs.relation is null then drawn.figure
        when partner.figure > pairs.partner_bottom
            then pairs.rate_top - greatest(
                pairs.rate_top * partner.figure // (partner.figure + 20 + drawn.place), 1
            )
        else pairs.rate_top
    end as figure,
    case pairs.relation
        when 'faults_left'
            then partner.figure = pairs.partner_bottom and part(drawn.trait, 3) < 300
        when 'faults_dealt_with' then partner.figure = pairs.partner_bottom
        when 'points_of_rate'
            then partner.figure = pairs.partner_top and part(drawn.trait, 3) < 500
        else
            drawn.is_left_out and drawn.reported_no not in (select partner_no from made.pairs)
    end as is_not_applicable
from made.drawn as drawn
left join made.pairs as pairs using (reported_no)
left join made.drawn as partner
    on drawn.unit_no = partner.unit_no and pairs.partner_no = partner.reported_no;

-- As different offices write them.
create or replace table made.cells as
select
    figures.unit_no,
    reported.dimension_code,
    reported.indicator_code,
    case
        when reported.value_type = 'text'
            then case when part(figures.trait, 1) < 500 then '已落实' end
        when figures.is_not_applicable
            then case when part(figures.trait, 4) < 100 then '-' else '—' end
        when reported.value_type = 'count' then cast(figures.figure as varchar)
        when part(figures.trait, 4) < 200
            then rtrim(rtrim(two_decimals(figures.figure), '0'), '.')
        else two_decimals(figures.figure)
    end
    || case
        when reported.value_type = 'percent' and not figures.is_not_applicable then '%' else ''
    end as cell
from made.figures as figures
inner join made.reported as reported using (reported_no);
