-- A finding that says something was corrected, imputed or adjusted names what; a mere note does
-- not.
select *
from {{ ref('errata_in_force') }}
where (erratum_kind = 'note') != (column_name is null)
