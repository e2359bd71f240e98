-- One row per score month, rule, maximum in use and vertex of its curve, from 0 to the greatest
-- value that a drawing shows: joined by straight lines they are the curve.
with

rules as (
    select * from {{ ref('int_rules_monthly') }}
),

uses as (
    select
        score_month,
        rule_id,
        max_points,
        max(valid_max) as valid_max
    from {{ ref('int_group_indicators_monthly') }}
    where rule_id is not null
    group by score_month, rule_id, max_points
),

observed as (
    select
        group_indicators.score_month,
        group_indicators.rule_id,
        max(observations.obs_value) as greatest_value
    from {{ ref('int_observations') }} as observations
    inner join {{ ref('int_group_indicators_monthly') }} as group_indicators
        on
            observations.score_month = group_indicators.score_month
            and observations.group_code = group_indicators.group_code
            and observations.indicator_code = group_indicators.indicator_code
    group by group_indicators.score_month, group_indicators.rule_id
),

bends as (
    select
        score_month,
        rule_id,
        0 as bend
    from rules
    union
    select
        score_month,
        rule_id,
        lower_value as bend
    from rules
    union
    select
        score_month,
        rule_id,
        upper_value as bend
    from rules
    where upper_value is not null
),

-- How far a drawing goes: all valid values, else twice as far as the curve bends, or as far as a
-- limit stops it, or as was observed, and a little further. A place in a drawing is no score, so
-- here quotients may pass through floating point.
ends as (
    select
        uses.score_month,
        uses.rule_id,
        max(
            case
                when uses.max_points * rules.slope_share + rules.slope_points > 0
                    then
                        rules.lower_value
                        + (uses.max_points * (1 - rules.base_share) - rules.base_points)
                        / (uses.max_points * rules.slope_share + rules.slope_points)
                when
                    uses.max_points * rules.slope_share + rules.slope_points < 0
                    and uses.max_points > 0
                    then
                        rules.lower_value
                        - (uses.max_points * rules.base_share + rules.base_points)
                        / (uses.max_points * rules.slope_share + rules.slope_points)
            end
        ) as end_value
    from uses
    inner join rules
        on
            uses.score_month = rules.score_month
            and uses.rule_id = rules.rule_id
            and rules.segment_no = 1
            and rules.upper_value is null
    group by uses.score_month, uses.rule_id
),

last_bends as (
    select
        score_month,
        rule_id,
        max(bend) as last_bend
    from bends
    group by score_month, rule_id
),

extents as (
    select
        uses.score_month,
        uses.rule_id,
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
    inner join last_bends
        on
            uses.score_month = last_bends.score_month
            and uses.rule_id = last_bends.rule_id
    left join ends
        on
            uses.score_month = ends.score_month
            and uses.rule_id = ends.rule_id
    left join observed
        on
            uses.score_month = observed.score_month
            and uses.rule_id = observed.rule_id
),

corner_values as (
    select
        extents.score_month,
        extents.rule_id,
        extents.max_points,
        cast(bends.bend as decimal(18, 6)) as vertex_value
    from extents
    inner join bends
        on
            extents.score_month = bends.score_month
            and extents.rule_id = bends.rule_id
            and extents.greatest_value > bends.bend
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
        corner_values.score_month,
        corner_values.rule_id,
        corner_values.max_points,
        corner_values.vertex_value,
        sum({{ segment_points('rules', 'corner_values.max_points', 'corner_values.vertex_value') }})
            as curve_points
    from corner_values
    inner join rules
        on
            corner_values.score_month = rules.score_month
            and corner_values.rule_id = rules.rule_id
    group by
        corner_values.score_month,
        corner_values.rule_id,
        corner_values.max_points,
        corner_values.vertex_value
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
            unnest([0, max_points]) as limit_points
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
),

final as (
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
)

select * from final
