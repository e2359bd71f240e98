-- One row per score month and rule in force: its segments together, as firm as the weakest of them.
with

segments as (
    select * from {{ ref('int_rules_monthly') }}
),

rule_bases as (
    select * from {{ ref('rule_bases') }}
),

rules as (
    select
        segments.score_month,
        segments.rule_id,
        min(segments.rule_kind) as rule_kind,
        max(rule_bases.basis_order) as basis_order,
        {{ joined_texts('segments.rule_text', '；', 'segments.segment_no') }} as rule_text,
        min(segments.valid_from) as valid_from
    from segments
    inner join rule_bases using (basis)
    group by segments.score_month, segments.rule_id
),

evidences as (
    select
        score_month,
        rule_id,
        {{ joined_texts('evidence', '；', 'segment_no') }} as evidence
    from (
        select
            score_month,
            rule_id,
            evidence,
            min(segment_no) as segment_no
        from segments
        group by score_month, rule_id, evidence
    ) as distinct_evidences
    group by score_month, rule_id
)

select
    score_month,
    rule_id,
    rule_kind,
    rule_kinds.description as rule_kind_description,
    rule_bases.basis,
    rule_bases.basis_name,
    rules.rule_text,
    evidences.evidence,
    rule_kinds.is_fault,
    rules.valid_from
from rules
inner join evidences using (score_month, rule_id)
inner join rule_bases using (basis_order)
inner join {{ ref('rule_kinds') }} as rule_kinds using (rule_kind)
{{ in_order('score_month', 'rule_id') }}
