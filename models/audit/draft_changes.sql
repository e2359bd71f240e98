-- One row per unit whose total changed from one draft of a month to the next, or to what is final.
{{ config(materialized='table') }}
{{ filled_on_publishing() }}
