-- One row per score month and document that is made for each unit.
{{ in_force(
    ref('unit_documents'), ['document_code'], ['document_code', 'document_name'],
) }}
