-- One row per score month, unit and cause of points lost or given back: an indicator's rule, an
-- adjustment, or the floor of a dimension whose losses exceed its weight (a negative loss). The
-- sum over a unit is 100 less its exact score.
with

dimension_losses as (
    select
        score_month,
        unit_id,
        dimension_code,
        sum(points_lost) as points_lost
    from {{ ref('fct_indicator_scores') }}
    group by score_month, unit_id, dimension_code
),

indicator as (
    select
        scores.*,
        observations.printed_value,
        observations.source_file,
        observations.source_row,
        observations.erratum_id,
        rules.basis,
        rules.rule_text as reason
    from {{ ref('fct_indicator_scores') }} as scores
    inner join {{ ref('fct_observations') }} as observations
        using (score_month, unit_id, indicator_code)
    inner join {{ ref('dim_rules') }} as rules using (score_month, rule_id)
    where scores.points_lost != 0
),

adjustment as (
    select
        *,
        -adjustment_points as points_lost
    from {{ ref('int_adjustments_monthly') }}
),

dimension_floor as (
    select
        scores.*,
        '本项得分扣至 0 分为止' as reason,
        scores.weight - losses.points_lost + scores.adjustment_points - scores.score as points_lost
    from {{ ref('fct_dimension_scores') }} as scores
    inner join dimension_losses as losses using (score_month, unit_id, dimension_code)
    where scores.weight - losses.points_lost + scores.adjustment_points < scores.score
),

entries as (
    {{ union_by_name(
        ['indicator', 'adjustment', 'dimension_floor'],
        columns=[
            'score_month', 'city_code', 'unit_id', 'unit_name', 'group_code', 'dimension_code',
            'dimension_name', 'indicator_code', 'indicator_name', 'obs_value', 'obs_status',
            'printed_value', 'source_file', 'source_row', 'erratum_id', 'rule_id', 'basis',
            'reason', 'points_lost',
        ],
        label='entry_type',
    ) }}
)

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
    cast(points_lost as decimal(18, 10)) as points_lost
from entries
{{ in_order(
    'score_month', 'unit_id', 'dimension_code', 'entry_type', 'indicator_code', 'erratum_id',
) }}
