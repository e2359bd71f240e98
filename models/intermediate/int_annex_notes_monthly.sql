-- One row per score month, annex and note below it.
{{ in_force(
    ref('annex_notes'), ['annex_no', 'note_no'], ['annex_no', 'note_no', 'note_text'],
) }}
