-- One row per score month, city and county: annex 10, construction approval.
{{ annex(ref('int_annex_cells')) }}
