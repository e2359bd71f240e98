-- One row per score month, city, group and pair of dimensions.
{{ filled_on_publishing() }}
