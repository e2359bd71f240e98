-- One row per record of a published month: its state when the release was sealed.
{{ config(materialized='table') }}
{{ filled_on_publishing() }}
