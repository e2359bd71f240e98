-- One row per score of the facts, exact, by the column that an annex prints it in; of a dimension
-- with the weight that it was scored by.
create temp view fact_scores as
select
    score_month,
    unit_id,
    'fct_dimension_scores' as place,
    dimension_code || '_score' as column_name,
    score as figure,
    weight as fact_most
from marts.fct_dimension_scores
union all by name
select
    score_month,
    unit_id,
    'fct_composite_scores' as place,
    'composite_score' as column_name,
    exact_score as figure
from marts.fct_composite_scores
