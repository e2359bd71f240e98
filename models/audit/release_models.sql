-- One row per model that scores and prints a month, in the order in which they run.
{{ config(materialized='table') }}
{{ filled_on_publishing() }}
