-- Every cell of the printed bulletin, after errata, is what the annex marts hold.
select *
from {{ ref('cell_reconciliation') }}
where not is_reproduced
order by score_month nulls last, annex_no nulls last, row_no nulls last, column_no nulls last
