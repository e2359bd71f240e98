"""Coordinates of what the pages draw; templates put them into SVG, the stylesheet colours it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

Point = tuple[Decimal, Decimal]

_STEPS = (Decimal(1), Decimal(2), Decimal(5), Decimal(10))


def number(value: Decimal) -> str:
    """A coordinate with at most one decimal."""
    return f"{value:.1f}".removesuffix(".0")


@dataclass(frozen=True)
class Axis:
    """A straight scale from values to coordinates."""

    least: Decimal
    greatest: Decimal
    start: int
    end: int

    def place(self, value: Decimal) -> Decimal:
        """Coordinate of a value."""
        share = (value - self.least) / (self.greatest - self.least)
        return self.start + share * (self.end - self.start)

    def ticks(self, count: int) -> list[Decimal]:
        """About `count` round values within the scale."""
        step = _step((self.greatest - self.least) / count)
        first = (self.least / step).to_integral_value(ROUND_CEILING)
        last = (self.greatest / step).to_integral_value(ROUND_FLOOR)
        return [step * (first + place) for place in range(int(last - first) + 1)]


def _step(least: Decimal) -> Decimal:
    """The least of 1, 2, 5, 10, 20, ... and their fractions that is not below `least`."""
    power = Decimal(10) ** least.adjusted()
    return next(power * each for each in _STEPS if power * each >= least)


def spread(values: Iterable[Decimal], start: int, end: int) -> Axis:
    """A scale that holds all values, with a little room at both ends."""
    found = list(values)
    least, greatest = min(found), max(found)
    room = (greatest - least) / 20 or Decimal("0.5")
    return Axis(least - room, greatest + room, start, end)


def polyline(points: Iterable[Point]) -> str:
    """The `points` of an SVG polyline."""
    return " ".join(f"{number(x)},{number(y)}" for x, y in points)


def path(points: Sequence[Point | None]) -> str:
    """The `d` of an SVG path: a line that is interrupted where a point is missing.

    A point without neighbours is drawn as a dot, by a line of no length.
    """
    written = []
    is_drawing = False
    for place, point in enumerate(points):
        if point is None:
            is_drawing = False
            continue
        where = f"{number(point[0])},{number(point[1])}"
        written.append(f"L{where}" if is_drawing else f"M{where}")
        if not is_drawing and (place + 1 == len(points) or points[place + 1] is None):
            written.append("h0")
        is_drawing = True
    return "".join(written)


@dataclass(frozen=True)
class Segment:
    """A piece of a stacked bar, by its place in the order of pieces."""

    order: int
    x: str
    width: str


def stack(pieces: Iterable[tuple[int, Decimal, Decimal]], full: Decimal) -> list[Segment]:
    """A bar of 1000 units that stands for `full`.

    Args:
        pieces: order, length, and how much of the length is drawn from its start; negative
            lengths are left out.
        full: what the whole bar stands for; 0 gives an empty bar.
    """
    segments = []
    start = Decimal(0)
    for order, length, drawn in pieces:
        if full > 0 and drawn > 0:
            segments.append(
                Segment(order, number(1000 * start / full), number(1000 * drawn / full))
            )
        start += max(length, Decimal(0))
    return segments
