-- One row per score month, city and county: annex 8, service items.
{{ annex(ref('int_annex_cells')) }}
