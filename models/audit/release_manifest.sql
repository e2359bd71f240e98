-- One row: what the release is made from and with.
{{ filled_on_publishing() }}
