-- One row per score month and pair of neighbours that printed rounding does not part.
{{ filled_on_publishing() }}
