-- One row per score month, city and department: annex 5, special work.
{{ annex(ref('int_annex_cells')) }}
