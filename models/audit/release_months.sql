-- One row per score month of the release: what it follows from.
{{ filled_on_publishing() }}
