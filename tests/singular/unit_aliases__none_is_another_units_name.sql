-- An alias never stands for another unit in force, so that a name has one meaning in a month.
select
    units.score_month,
    aliases.alias_name,
    aliases.unit_id,
    units.unit_id as other_unit_id
from {{ ref('unit_aliases') }} as aliases
inner join {{ ref('int_units_monthly') }} as units
    on
        aliases.alias_name = units.unit_name
        and aliases.unit_id != units.unit_id
