"""The tables of a month for analysts and other systems."""
