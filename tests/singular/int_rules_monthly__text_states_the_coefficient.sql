-- The text that units read names the very coefficient and limit that are applied, so that nobody
-- changes one without the other. A figure is found as a whole number, not inside a longer one.
with

figures as (
    select
        score_month,
        rule_id,
        segment_no,
        rule_text,
        {{ plain_number('abs(slope_points)') }} as figure
    from {{ ref('int_rules_monthly') }}
    where rule_kind not in ('as_reported', 'no_effect', 'proportional')
    union all
    select
        score_month,
        rule_id,
        segment_no,
        rule_text,
        {{ plain_number('upper_value') }} as figure
    from {{ ref('int_rules_monthly') }}
    where rule_kind in ('threshold_shortfall', 'tiered') and upper_value is not null
)

select *
from (
    select
        *,
        '(^|[^0-9.])'
        || replace(figure, '.', '[.]')
        || case when contains(figure, '.') then '0*' else '([.]0+)?' end
        || '($|[^0-9.])' as pattern
    from figures
) as patterns
where not {{ matches_pattern('rule_text', 'pattern') }}
