"""What is a choice of method in asking how sure the places of a month are, with the reasons."""

import re
from dataclasses import dataclass
from decimal import Decimal

from ywtb.assessment.figures import plain_figure

DRAWS = 1000
"""Draws of weights by default: five hundred give the ranges of June 2023 that twenty thousand give,
and a thousand take half a second."""

MOST_DRAWS = 20_000
"""With as many a month of one city takes eight seconds and 220 MB."""

SPREAD = Decimal("0.10")
"""Share by which a weight is moved at most by default: 30 points are then 27 to 33, about as much
as weights differ between groups (30, 32 and 26 for special work)."""

SEED = 1
"""Seed by default; any other is as good."""

FEWEST_CORRELATED = 10
"""Units that a group needs for a correlation: among ten, chance alone exceeds 0.63 once in twenty
times, and among fewer it exceeds even more."""

_PERCENTAGE = re.compile(r"([0-9]{1,2}(?:[.][0-9]{1,2})?)%")


class WrongSpreadError(ValueError):
    """What is no percentage above 0% and below 100% with at most two decimals."""


@dataclass(frozen=True)
class Method:
    """What can be chosen.

    Attributes:
        draws: sets of weights.
        spread: share by which a weight is moved at most, above 0 and below 1, with four decimals.
        seed: what the draws follow from.
    """

    draws: int = DRAWS
    spread: Decimal = SPREAD
    seed: int = SEED


def read_spread(text: str) -> Decimal:
    """The share that a percentage such as `10%` is.

    Raises:
        WrongSpreadError: it is none, or not above 0% and below 100%.
    """
    found = _PERCENTAGE.fullmatch(text.strip())
    if not found or not Decimal(found[1]):
        raise WrongSpreadError(text)
    return Decimal(found[1]) / 100


def percentage(share: Decimal) -> str:
    """A share as a percentage without idle zeros."""
    return f"{plain_figure(share * 100)}%"
