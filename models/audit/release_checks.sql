-- One row per data test of these models.
{{ config(materialized='table') }}
{{ filled_on_publishing() }}
