-- One row per table of the release and its number of rows.
{{ config(materialized='table') }}
{{ filled_on_publishing() }}
