-- One row per score month and grade that is in force.
{{ in_force(
    ref('grades'), ['grade_code'],
    ['grade_code', 'grade_name', 'cast(min_score as decimal(9, 2)) as min_score'],
) }}
