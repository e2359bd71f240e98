-- One row per score month, unit that was scored in an earlier one, and indicator that carries
-- points in either: what was lost then, what is lost now, and what now would be lost by the earlier
-- month's rules, which is unknown where only one of the months has the indicator.
with

compared as (
    select
        score_month,
        previous_month,
        unit_id,
        group_code,
        previous_group_code
    from {{ ref('fct_monthly_changes') }}
    where score_change is not null
),

now_scored as (
    select
        compared.*,
        scores.dimension_code,
        scores.indicator_code,
        scores.obs_value,
        scores.obs_status,
        scores.max_points,
        scores.points_lost,
        scores.rule_id
    from compared
    inner join {{ ref('fct_indicator_scores') }} as scores using (score_month, unit_id)
),

scored_before as (
    select
        compared.*,
        scores.dimension_code,
        scores.indicator_code,
        scores.obs_value as previous_value,
        scores.max_points as previous_max_points,
        scores.points_lost as previous_points_lost,
        scores.rule_id as previous_rule_id
    from compared
    inner join {{ ref('fct_indicator_scores') }} as scores
        on compared.previous_month = scores.score_month and compared.unit_id = scores.unit_id
),

months as (
    select distinct
        score_month,
        previous_month
    from compared
),

-- A rule has changed where a segment of its curve stands in one of two months alone.
changed_rules as (
    select distinct
        score_month,
        previous_month,
        rule_id
    from (
        select
            months.score_month,
            months.previous_month,
            rules.rule_id,
            rules.segment_no,
            rules.base_share,
            rules.base_points,
            rules.lower_value,
            rules.upper_value,
            rules.slope_share,
            rules.slope_points
        from months
        inner join {{ ref('int_rules_monthly') }} as rules
            on rules.score_month in (months.score_month, months.previous_month)
        group by all
        having count(*) = 1
    ) as changed_segments
),

joined as (
    select
        score_month,
        previous_month,
        unit_id,
        group_code,
        previous_group_code,
        dimension_code,
        indicator_code,
        scored_before.previous_value,
        now_scored.obs_value,
        now_scored.obs_status,
        scored_before.previous_max_points,
        now_scored.max_points,
        scored_before.previous_points_lost,
        now_scored.points_lost,
        scored_before.previous_rule_id,
        now_scored.rule_id,
        coalesce(
            now_scored.rule_id = scored_before.previous_rule_id
            and now_scored.max_points = scored_before.previous_max_points
            and changed_rules.rule_id is null,
            false
        ) as is_same_rule
    from now_scored
    full join scored_before
        using (
            score_month, previous_month, unit_id, group_code, previous_group_code,
            dimension_code, indicator_code
        )
    left join changed_rules using (score_month, previous_month, rule_id)
),

-- Only where the rule is another one is a value scored again.
curves as (
    select
        joined.score_month,
        joined.unit_id,
        joined.indicator_code,
        joined.obs_status,
        joined.previous_max_points,
        sum({{ segment_points('rules', 'joined.previous_max_points', 'joined.obs_value') }})
            as curve_points
    from joined
    inner join {{ ref('int_rules_monthly') }} as rules
        on joined.previous_month = rules.score_month and joined.previous_rule_id = rules.rule_id
    where joined.rule_id is not null and not joined.is_same_rule
    group by all
),

kept as (
    select
        *,
        {{ kept_points('obs_status', 'curve_points', 'previous_max_points') }} as kept_points
    from curves
)

select
    score_month,
    joined.previous_month,
    unit_id,
    joined.group_code,
    joined.previous_group_code,
    joined.dimension_code,
    indicator_code,
    joined.previous_value,
    joined.obs_value,
    joined.previous_rule_id,
    joined.rule_id,
    joined.is_same_rule,
    joined.previous_points_lost,
    cast(
        case
            when joined.is_same_rule then joined.points_lost
            else joined.previous_max_points - {{ ten_places('kept.kept_points') }}
        end as decimal(18, 10)
    ) as points_lost_by_previous_rule,
    joined.points_lost
from joined
left join kept using (score_month, unit_id, indicator_code)
