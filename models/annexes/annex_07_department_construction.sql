-- One row per score month, city and A-group department: annex 7, construction approval.
{{ annex(ref('int_annex_cells')) }}
