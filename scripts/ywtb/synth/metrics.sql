-- Figures of a city that its units' figures settle are those; of the others, `usual` is what the
-- project's own city had, in hundredths.
create or replace table made.metric_rows as
with

metrics as (
    select
        metrics.*,
        row_number() over (order by metrics.rowid) as metric_order,
        coalesce(metrics.added_metric_code, metrics.metric_code) as monthly_code,
        problems.indicator_code as problem_code,
        coalesce(monthly_samples.usual, 5000) as usual,
        metrics.value_type = 'rank' or coalesce(samples.has_rank, false) as has_rank
    from reference.city_metrics as metrics
    left join (
        select
            metric_code,
            min(indicator_code) as indicator_code
        from reference.bulletin_problems
        group by metric_code
    ) as problems using (metric_code)
    left join made.samples as samples using (metric_code)
    left join made.samples as monthly_samples
        on coalesce(metrics.added_metric_code, metrics.metric_code) = monthly_samples.metric_code
),

unit_figures as (
    select
        units.number,
        units.score_month,
        reported.indicator_code,
        sum(figure) as figure_sum,
        count(*) as figure_count,
        count(*) filter (where coalesce(figure < reported.best, figure > reported.bottom))
            as fault_count
    from made.figures
    inner join made.unit_months as units using (unit_no)
    inner join made.reported as reported using (reported_no)
    where reported.value_type != 'text' and not is_not_applicable
    group by units.number, units.score_month, reported.indicator_code
),

city_months as (
    select
        number,
        city_code,
        score_month,
        list(unit_name order by unit_id) as unit_names
    from made.unit_months
    group by number, city_code, score_month
),

drawn as (
    select
        *,
        random_number(concat_ws('|', city_code, metric_code)) as trait,
        random_number(concat_ws('|', city_code, metric_code, score_month)) as whim,
        list_transform(
            range(
                case continuity when 'year_to_date' then 1 else month(score_month) end,
                month(score_month) + 1
            ),
            lambda each: usual
            * (500 + part(random_number(concat_ws('|', city_code, monthly_code)), 0) // 2)
            // 1000
            * (800 + part(random_number(
                concat_ws('|', city_code, monthly_code, make_date(year(score_month), each, 1))
            ), 0) // 5)
            // 1000
        ) as monthly_figures
    from city_months
    cross join metrics
),

figures as (
    select
        drawn.*,
        case
            when value_type = 'percent' and coalesce(problems.fault_count, same.fault_count, 0) = 0
                and coalesce(problem_code, same.indicator_code) is not null
                then 10000
            when value_type = 'percent' and same.figure_count > 0
                then least(same.figure_sum // same.figure_count, 9999)
            when value_type = 'percent'
                then greatest(
                    9999 - coalesce(problems.fault_count * 10, part(trait, 1) // 3)
                    - part(whim, 0) // 20,
                    0
                )
            when same.figure_sum is not null then same.figure_sum * 100
            when continuity = 'numbered' then month(drawn.score_month) * 100
            else list_sum(monthly_figures)
        end as figure,
        1 + (part(trait, 2) + part(whim, 2) // 400) % 21 as place
    from drawn
    left join unit_figures as same
        on
            drawn.number = same.number
            and drawn.score_month = same.score_month
            and drawn.metric_code = same.indicator_code
    left join unit_figures as problems
        on
            drawn.number = problems.number
            and drawn.score_month = problems.score_month
            and drawn.problem_code = problems.indicator_code
)

select
    city_code,
    score_month,
    metric_order,
    metric_code,
    case
        when continuity = 'dated'
            then strftime(
                score_month + interval 1 month + to_days(cast(19 + part(whim, 0) % 8 as integer)),
                '%Y-%m-%d'
            )
        when value_type = 'rank' then '—'
        when value_type = 'text' then unit_names[1 + part(whim, 1) % len(unit_names)]
        when value_type = 'percent' then rtrim(rtrim(two_decimals(figure), '0'), '.') || '%'
        when value_type = 'count' then cast(greatest(figure // 100, 1) as varchar)
        else two_decimals(figure)
    end as value,
    case
        when not has_rank then null
        when place > 16 then '倒数' || (22 - place)
        else cast(place as varchar)
    end as province_rank
from figures;
