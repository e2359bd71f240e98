-- One row per score month with printed scores and coefficient that no note states.
{{ filled_on_publishing() }}
