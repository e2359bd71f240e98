-- One row per score month and step: what it did, on what, and what it found.
{{ filled_on_publishing() }}
