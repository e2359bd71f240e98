-- One row per figure of a published month that was corrected.
{{ filled_on_publishing() }}
