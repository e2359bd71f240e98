-- One row per score month, city and A-group department: annex 1, summary of scores.
{{ annex(ref('int_annex_cells')) }}
