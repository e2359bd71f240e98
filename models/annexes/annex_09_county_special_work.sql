-- One row per score month, city and county: annex 9, special work.
{{ annex(ref('int_annex_cells')) }}
