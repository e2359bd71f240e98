-- One row per score month and annex: its title, the groups that it shows and in which order.
{{ in_force(
    ref('annexes'), ['annex_no'],
    [
        'annex_no', 'mart_name', 'annex_title', 'period_line', 'not_applicable_mark',
        'group_codes', 'row_order',
    ],
) }}
