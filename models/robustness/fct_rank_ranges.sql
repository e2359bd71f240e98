-- One row per score month, unit and step: the places that the unit takes in the step.
{{ filled_on_publishing() }}
