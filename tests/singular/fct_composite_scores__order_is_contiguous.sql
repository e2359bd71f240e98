-- Within month, city and group 序号 counts from 1 without a gap in the order of totals, and equal
-- totals share the rank of the first of them.
select *
from (
    select
        *,
        row_number() over (
            partition by score_month, city_code, group_code order by sequence_no nulls last
        ) as expected_sequence_no,
        lag(exact_score) over (
            partition by score_month, city_code, group_code order by sequence_no nulls last
        ) as previous_score,
        min(sequence_no) over (
            partition by score_month, city_code, group_code, exact_score
        ) as expected_rank
    from {{ ref('fct_composite_scores') }}
)
where
    sequence_no != expected_sequence_no
    or previous_score < exact_score
    or score_rank != expected_rank
