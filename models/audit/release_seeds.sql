-- One row per seed file that the release was built from.
{{ filled_on_publishing() }}
