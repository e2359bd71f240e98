-- One row per score month and measure: the most that it plausibly changes from the month before.
with

final as (
    {{ in_force(
        ref('plausibility_limits'), ['measure_code'], ['measure_code', 'limit_value', 'reason'],
    ) }}
)

select * from final
