-- One row per score month and unit: every indicator as one column, in the type that annexes
-- print.
{% set rates = [
    'issuance_rate', 'backfill_rate', 'seal_rate', 'new_seal_rate', 'rectification_rate',
    'catalog_completion_rate', 'checklist_completion_rate', 'behavior_coverage_rate',
    'anomaly_resolution_rate', 'window_entry_rate', 'full_process_rate', 'mainline_accuracy_rate',
    'auxiliary_accuracy_rate',
] %}
{% set counts = [
    'unclaimed_item_count', 'unpublished_guide_count', 'guide_error_count',
    'online_offline_mismatch_count', 'overdue_case_count', 'negative_review_count',
    'subsite_opened_count', 'connected_app_count', 'app_fault_count', 'maintenance_issue_count',
    'unclaimed_catalog_count', 'unpublished_checklist_count', 'one_thing_published_count',
    'availability_issue_count', 'intra_province_unclaimed_count',
    'sichuan_chongqing_unclaimed_count', 'policy_count', 'project_guide_count',
] %}
{% set points = [
    'undertaking_points', 'publicity_points', 'task_points', 'full_process_points',
    'mainline_points', 'auxiliary_points', 'parallel_approval_points',
] %}
with

observations as (
    select * from {{ ref('fct_observations') }}
),

units as (
    select * from {{ ref('int_units_monthly') }}
),

groups as (
    select * from {{ ref('groups') }}
),

pivoted as (
    select
        score_month,
        unit_id,
        {{ pivot_values(rates, 'indicator_code', 'round(obs_value, 2)', type='decimal(9, 2)') }},
        {{ pivot_values(counts, 'indicator_code', 'obs_value', type='integer') }},
        {{ pivot_values(points, 'indicator_code', 'round(obs_value, 2)', type='decimal(9, 2)') }},
        {{ pivot_values(['parallel_approval_measure'], 'indicator_code', 'obs_text') }}
    from observations
    group by score_month, unit_id
),

final as (
    select
        pivoted.*,
        units.city_code,
        units.unit_name,
        units.group_code,
        groups.group_name,
        units.official_order
    from pivoted
    inner join units
        on
            pivoted.score_month = units.score_month
            and pivoted.unit_id = units.unit_id
    inner join groups on units.group_code = groups.group_code
)

select * from final
