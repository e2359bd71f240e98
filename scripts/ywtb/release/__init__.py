"""Releases: which there are, what one answers, what one would change of another."""
