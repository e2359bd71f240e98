-- One row per public table or column that a release added, removed or changed.
{{ config(materialized='table') }}
{{ filled_on_publishing() }}
