-- One row per score month, group and dimension that the group is assessed in.
with

final as (
    {{ in_force(
        ref('dimension_weights'), ['group_code', 'dimension_code'],
        ['group_code', 'dimension_code', 'cast(weight as decimal(6, 2)) as weight'],
    ) }}
)

select * from final
