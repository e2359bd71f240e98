-- One row per score month and unit that is assessed in it.
{{ in_force(
    ref('units'), ['unit_id'],
    ['city_code', 'unit_id', 'unit_name', 'group_code', 'official_order', 'region_code'],
) }}
