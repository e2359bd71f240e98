-- One row per score month, city and department: annex 4, service items.
{{ annex(ref('int_annex_cells')) }}
