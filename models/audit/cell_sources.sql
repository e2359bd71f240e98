-- One row per cell of the monthly files that came in by `ywtb ingest`: the cell it came from.
{{ config(materialized='table') }}
{{ filled_on_publishing() }}
