-- One row per table of the release and its number of rows.
{{ filled_on_publishing() }}
