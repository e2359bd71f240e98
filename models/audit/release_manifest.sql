-- One row: what the release is made from and with.
{{ config(materialized='table') }}
{{ filled_on_publishing() }}
