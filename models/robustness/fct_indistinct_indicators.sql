-- One row per score month, city and group.
{{ filled_on_publishing() }}
