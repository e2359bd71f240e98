"""From seeds to a published release."""
