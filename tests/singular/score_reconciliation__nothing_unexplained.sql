-- Every officially printed score equals the computed one, or differs by an adjustment in force.
select *
from {{ ref('score_reconciliation') }}
where reconciliation_status not in ('equal', 'explained_by_adjustment')
