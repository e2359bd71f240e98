-- One row per seed file that the release was built from.
{{ config(materialized='table') }}
{{ filled_on_publishing() }}
