-- One row per cell of the monthly files that came in by `ywtb ingest`: the cell it came from.
{{ filled_on_publishing() }}
