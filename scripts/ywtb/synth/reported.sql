-- What each group reports in each month, in hundredths but for counts: the bends of the curve that
-- scores it, from the least value that plays a part to the greatest.
create table made.reported as
with

indicators as (
    select
        monthly.*,
        case monthly.value_type when 'count' then 1 else 100 end as scale
    from intermediate.int_group_indicators_monthly as monthly
    semi join made.months using (score_month)
),

weights as (
    select
        score_month,
        group_code,
        dimension_code,
        max(weight) as weight
    from intermediate.int_dimension_weights_monthly
    group by all
),

segments as (
    select
        score_month,
        indicators.group_code,
        indicators.indicator_code,
        rules.lower_value,
        rules.upper_value,
        indicators.max_points * rules.slope_share + rules.slope_points as slope,
        coalesce(nullif(indicators.max_points, 0), weights.weight) as most_points,
        kinds.is_fault
    from indicators
    inner join intermediate.int_rules_monthly as rules using (score_month, rule_id)
    inner join reference.rule_kinds as kinds using (rule_kind)
    left join weights using (score_month, group_code, dimension_code)
),

-- An open end lies where all points are lost or earned.
curves as (
    select
        score_month,
        group_code,
        indicator_code,
        list(lower_value) || list(upper_value) as bends,
        max(lower_value + ceil(most_points / nullif(abs(slope), 0))) filter (
            where upper_value is null
        ) as open_end,
        sum(slope) >= 0 as is_rising,
        bool_or(is_fault) as is_fault
    from segments
    group by all
),

scaled as (
    select
        indicators.*,
        named.indicator_order,
        coalesce(curves.is_fault, indicators.value_type = 'percent') as is_fault,
        coalesce(curves.is_rising, true) as is_rising,
        list_sort(list_distinct(list_transform(
            list_filter(
                coalesce(curves.bends, cast([] as decimal(18, 6)[]))
                || [indicators.valid_min, coalesce(indicators.valid_max, curves.open_end, 20)],
                lambda bend: bend is not null
            ),
            lambda bend: cast(bend * scale as bigint)
        ))) as bends,
        cast(indicators.valid_max * scale as bigint) as best
    from indicators
    inner join reference.indicators as named using (indicator_code)
    left join curves using (score_month, group_code, indicator_code)
)

select
    *,
    cast(row_number() over (order by score_month, group_code, indicator_code) as integer)
        as reported_no,
    bends[1] as bottom,
    bends[-1] as top
from scaled;
create table made.pairs as
select
    rates.reported_no,
    partners.reported_no as partner_no,
    pairs.relation,
    rates.top as rate_top,
    partners.top as partner_top,
    partners.bottom as partner_bottom
from reference.indicator_pairs as pairs
inner join made.reported as rates on pairs.rate_code = rates.indicator_code
inner join made.reported as partners
    on
        pairs.indicator_code = partners.indicator_code
        and rates.score_month = partners.score_month
        and rates.group_code = partners.group_code;
