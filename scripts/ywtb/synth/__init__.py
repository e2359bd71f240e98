"""Made-up months of made-up cities, few or as many as a province has, for trials and measurements.

Groups, units, indicators, rules and city-level figures are those of the seeds. Every figure follows
from the seed number, the city, the unit, the indicator and the month by MD5, so that a city is the
same among 10 and among 1,000, and a month among 2 and among 12. A unit keeps its strengths from
month to month, with little changes. The project's own cities take part, with the files that the
project has of them, in the months that it has: what the seeds say of their cells remains true.
"""
