-- Every cell of the printed bulletin, after errata, is what the annex marts hold.
select *
from {{ ref('cell_reconciliation') }}
where not is_reproduced
