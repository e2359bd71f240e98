-- One row per printed score that no value of any one coefficient gives.
{{ filled_on_publishing() }}
