-- One row per score month, city, group and dimension.
{{ filled_on_publishing() }}
