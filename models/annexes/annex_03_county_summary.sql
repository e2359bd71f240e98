-- One row per score month, city and county: annex 3, summary of scores.
{{ annex(ref('int_annex_cells')) }}
