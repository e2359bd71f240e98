-- One row per figure of a published month that was corrected.
{{ config(materialized='table') }}
{{ filled_on_publishing() }}
