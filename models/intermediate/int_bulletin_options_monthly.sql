-- One row per score month and part of the bulletin that only some months have.
{{ in_force(
    ref('bulletin_options'), ['option_code'], ['option_code', 'option_name', 'places'],
) }}
