-- One row per score month and kind of rule for whose faults a term is in force.
{{ in_force(ref('rectification_terms'), ['rule_kind'], ['rule_kind', 'days', 'basis']) }}
