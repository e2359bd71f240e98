-- One row per score month, rule and segment of its curve.
with

final as (
    {{ in_force(
        ref('scoring_rules'), ['rule_id'],
        [
            'rule_id', 'segment_no', 'rule_kind', 'base_share', 'base_points', 'lower_value',
            'upper_value', 'slope_share', 'slope_points', 'basis', 'evidence', 'rule_text',
            'valid_from',
        ],
    ) }}
)

select * from final
