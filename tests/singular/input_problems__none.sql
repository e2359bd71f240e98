-- Every cell received can be read, lies in its valid range and belongs to a known unit, once;
-- no cell that is needed is missing; every correction finds the text it corrects.
select *
from {{ ref('int_input_problems') }}
