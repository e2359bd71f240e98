-- One row per score month, city, suite and expectation, failed or not.
{{ filled_on_publishing() }}
