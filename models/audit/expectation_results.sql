-- One row per score month, suite and expectation, failed or not.
{{ filled_on_publishing() }}
