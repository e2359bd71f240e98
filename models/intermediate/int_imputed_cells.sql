-- One row per cell that is supplied as the print of a month that is built lacks it, with its city.
select
    errata.city_code,
    erratum_id,
    indicators.dimension_code,
    cells.unit_name,
    indicator_code,
    cells.imputed_value,
    errata.score_month
from {{ ref('imputed_cells') }} as cells
inner join {{ ref('int_errata') }} as errata using (erratum_id)
inner join {{ ref('indicators') }} as indicators using (indicator_code)
