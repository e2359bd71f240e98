-- One row per score month, city and B-group department: annex 2, summary of scores.
{{ annex(ref('int_annex_cells')) }}
