-- One row per score month, rule, maximum in use and vertex of its curve, from 0 to the greatest
-- value that a drawing shows: joined by straight lines they are the curve.
with

rules as (
    select * from {{ ref('int_rules_monthly') }}
),

group_indicators as (
    select * from {{ ref('int_group_indicators_monthly') }}
),

uses as (
    select
        score_month,
        rule_id,
        max_points,
        max(valid_max) as valid_max
    from group_indicators
    where rule_id is not null
    group by score_month, rule_id, max_points
),

observed as (
    select
        score_month,
        group_indicators.rule_id,
        max(observations.obs_value) as greatest_value
    from {{ ref('fct_observations') }} as observations
    inner join group_indicators using (score_month, group_code, indicator_code)
    group by score_month, group_indicators.rule_id
),

bends as (
    select distinct
        score_month,
        rule_id,
        {{ one_row_each(['0', 'lower_value', 'coalesce(upper_value, 0)']) }} as bend
    from rules
),

last_bends as (
    select
        score_month,
        rule_id,
        max(bend) as last_bend
    from bends
    group by score_month, rule_id
),

-- How far a drawing goes: all valid values, else twice as far as the curve bends, or as far as a
-- limit stops it, or as was observed, and a little further. A place in a drawing is no score, so
-- here quotients may pass through floating point.
slopes as (
    select
        score_month,
        rule_id,
        uses.max_points,
        rules.lower_value,
        uses.max_points * rules.base_share + rules.base_points as base,
        uses.max_points * rules.slope_share + rules.slope_points as slope
    from uses
    inner join rules using (score_month, rule_id)
    where rules.segment_no = 1 and rules.upper_value is null
),

ends as (
    select
        score_month,
        rule_id,
        max(
            case
                when slope > 0 then lower_value + (max_points - base) / slope
                when slope < 0 and max_points > 0 then lower_value - base / slope
            end
        ) as end_value
    from slopes
    group by score_month, rule_id
),

extents as (
    select
        score_month,
        rule_id,
        uses.max_points,
        cast(
            coalesce(
                uses.valid_max,
                1.1 * greatest(
                    case
                        when last_bends.last_bend > 0 then 2 * last_bends.last_bend
                        else coalesce(nullif(ends.end_value, 0), 10)
                    end,
                    observed.greatest_value
                )
            ) as decimal(18, 6)
        ) as greatest_value
    from uses
    inner join last_bends using (score_month, rule_id)
    left join ends using (score_month, rule_id)
    left join observed using (score_month, rule_id)
),

corner_values as (
    select
        score_month,
        rule_id,
        extents.max_points,
        cast(bends.bend as decimal(18, 6)) as vertex_value
    from extents
    inner join bends using (score_month, rule_id)
    where bends.bend < extents.greatest_value
    union
    select
        score_month,
        rule_id,
        max_points,
        greatest_value as vertex_value
    from extents
),

corners as (
    select
        score_month,
        rule_id,
        corner_values.max_points,
        corner_values.vertex_value,
        sum({{ segment_points('rules', 'corner_values.max_points', 'corner_values.vertex_value') }})
            as curve_points
    from corner_values
    inner join rules using (score_month, rule_id)
    group by all
),

-- Between two corners the curve is straight, but a limit may stop it on the way.
pieces as (
    select
        *,
        lead(vertex_value) over curve as next_value,
        lead(curve_points) over curve as next_points
    from corners
    window curve as (partition by score_month, rule_id, max_points order by vertex_value nulls last)
),

stops as (
    select
        score_month,
        rule_id,
        max_points,
        vertex_value
        + (next_value - vertex_value)
        * (limit_points - curve_points)
        / (next_points - curve_points) as vertex_value,
        limit_points as points
    from (
        select
            *,
            {{ one_row_each(['0', 'max_points']) }} as limit_points
        from pieces
        where next_points != curve_points
    ) as limited
    where
        limit_points > least(curve_points, next_points)
        and limit_points < greatest(curve_points, next_points)
),

vertices as (
    select
        score_month,
        rule_id,
        max_points,
        vertex_value,
        cast({{ kept_in_range('curve_points', 'max_points') }} as decimal(18, 10)) as points
    from corners
    union
    select
        score_month,
        rule_id,
        max_points,
        cast(vertex_value as decimal(18, 6)) as vertex_value,
        cast(points as decimal(18, 10)) as points
    from stops
)

select
    rule_id,
    max_points,
    cast(
        row_number() over (
            partition by score_month, rule_id, max_points order by vertex_value nulls last
        ) as integer
    ) as vertex_no,
    vertex_value,
    points,
    score_month
from vertices
