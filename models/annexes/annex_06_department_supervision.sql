-- One row per score month, city and department: annex 6, “Internet + supervision”.
{{ annex(ref('int_annex_cells')) }}
