-- One row per case record of the months to build, as received. Never kept: what reads it reads the
-- files.
{{ config(enabled=var('case_path', none) is not none, materialized='ephemeral') }}
{{ case_records(
    ref('case_columns'),
    texts=['case_no', 'unit_name', 'rating'],
    days=['accepted_at', 'due_at', 'finished_at', 'rectified_at'],
) }}
