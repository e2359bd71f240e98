-- One row per score month, unit and cause of points lost or given back: an indicator's rule, an
-- adjustment, or the floor of a dimension whose losses exceed its weight (a negative loss). The
-- sum over a unit is 100 less its exact score.
with

indicator_scores as (
    select * from {{ ref('fct_indicator_scores') }}
    where points_lost != 0
),

observations as (
    select * from {{ ref('fct_observations') }}
),

rules as (
    select * from {{ ref('dim_rules') }}
),

adjustments as (
    select * from {{ ref('int_adjustments_monthly') }}
),

dimension_losses as (
    select
        score_month,
        unit_id,
        dimension_code,
        sum(points_lost) as points_lost
    from {{ ref('fct_indicator_scores') }}
    group by score_month, unit_id, dimension_code
),

dimension_scores as (
    select * from {{ ref('fct_dimension_scores') }}
),

indicator_entries as (
    select
        indicator_scores.score_month,
        indicator_scores.city_code,
        indicator_scores.unit_id,
        indicator_scores.unit_name,
        indicator_scores.group_code,
        indicator_scores.dimension_code,
        indicator_scores.dimension_name,
        'indicator' as entry_type,
        indicator_scores.indicator_code,
        indicator_scores.indicator_name,
        indicator_scores.obs_value,
        indicator_scores.obs_status,
        observations.printed_value,
        observations.source_file,
        observations.source_row,
        observations.erratum_id,
        indicator_scores.rule_id,
        rules.basis,
        rules.rule_text as reason,
        indicator_scores.points_lost
    from indicator_scores
    inner join observations
        on
            indicator_scores.score_month = observations.score_month
            and indicator_scores.unit_id = observations.unit_id
            and indicator_scores.indicator_code = observations.indicator_code
    inner join rules
        on
            indicator_scores.score_month = rules.score_month
            and indicator_scores.rule_id = rules.rule_id
),

other_entries as (
    select
        score_month,
        city_code,
        unit_id,
        unit_name,
        group_code,
        dimension_code,
        dimension_name,
        'adjustment' as entry_type,
        erratum_id,
        reason,
        -adjustment_points as points_lost
    from adjustments
    union all
    select
        dimension_scores.score_month,
        dimension_scores.city_code,
        dimension_scores.unit_id,
        dimension_scores.unit_name,
        dimension_scores.group_code,
        dimension_scores.dimension_code,
        dimension_scores.dimension_name,
        'dimension_floor' as entry_type,
        cast(null as varchar) as erratum_id,
        '本项得分扣至 0 分为止' as reason,
        dimension_scores.weight
        - dimension_losses.points_lost
        + dimension_scores.adjustment_points
        - dimension_scores.score as points_lost
    from dimension_scores
    inner join dimension_losses
        on
            dimension_scores.score_month = dimension_losses.score_month
            and dimension_scores.unit_id = dimension_losses.unit_id
            and dimension_scores.dimension_code = dimension_losses.dimension_code
    where
        dimension_scores.weight
        - dimension_losses.points_lost
        + dimension_scores.adjustment_points
        < 0
),

final as (
    select
        score_month,
        city_code,
        unit_id,
        unit_name,
        group_code,
        dimension_code,
        dimension_name,
        entry_type,
        indicator_code,
        indicator_name,
        obs_value,
        obs_status,
        printed_value,
        source_file,
        source_row,
        erratum_id,
        rule_id,
        basis,
        reason,
        points_lost
    from indicator_entries
    union all
    select
        score_month,
        city_code,
        unit_id,
        unit_name,
        group_code,
        dimension_code,
        dimension_name,
        entry_type,
        cast(null as varchar) as indicator_code,
        cast(null as varchar) as indicator_name,
        cast(null as decimal(18, 6)) as obs_value,
        cast(null as varchar) as obs_status,
        cast(null as varchar) as printed_value,
        cast(null as varchar) as source_file,
        cast(null as integer) as source_row,
        erratum_id,
        cast(null as varchar) as rule_id,
        cast(null as varchar) as basis,
        reason,
        cast(points_lost as decimal(18, 10)) as points_lost
    from other_entries
)

select * from final
order by
    score_month nulls last,
    unit_id nulls last,
    dimension_code nulls last,
    entry_type nulls last,
    indicator_code nulls last,
    erratum_id nulls last
