-- One row per score month, city and county: annex 11, “Internet + supervision”.
{{ annex(ref('int_annex_cells')) }}
