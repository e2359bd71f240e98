"""Rules in force: what they say, and the curves that they draw."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from operator import itemgetter

from ywtb.assessment.figures import plain_figure
from ywtb.exports.release_month import ReleaseMonth, grouped
from ywtb.exports.site.drawing import Axis, Point, polyline
from ywtb.exports.site.views import ZERO
from ywtb.release.queries import Row

_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 268, 14, 152


@dataclass(frozen=True)
class Curve:
    """Points as a function of a value, for one maximum: the segments of a rule, summed up."""

    segments: Sequence[Row]
    maximum: Decimal

    def points(self, value: Decimal) -> Decimal:
        """Points of a value, kept within the maximum and, unless that is 0, not below 0."""
        unlimited = self._unlimited(value)
        return min(unlimited if self.maximum == 0 else max(unlimited, ZERO), self.maximum)

    def _unlimited(self, value: Decimal) -> Decimal:
        total = ZERO
        for row in self.segments:
            upper = value if row["upper_value"] is None else min(value, row["upper_value"])
            reach = max(row["lower_value"], upper) - row["lower_value"]
            total += self.maximum * row["base_share"] + row["base_points"]
            total += (self.maximum * row["slope_share"] + row["slope_points"]) * reach
        return total

    def bends(self) -> Iterator[Decimal]:
        """Values at which the curve may bend, apart from those where a limit stops it."""
        for row in self.segments:
            yield row["lower_value"]
            if row["upper_value"] is not None:
                yield row["upper_value"]

    def end(self) -> Decimal | None:
        """The value at which a limit stops the last segment; None if none ever does."""
        last = self.segments[-1]
        slope = self.maximum * last["slope_share"] + last["slope_points"]
        if last["upper_value"] is not None or slope == 0 or (slope < 0 and self.maximum == 0):
            return None
        limit = self.maximum if slope > 0 else ZERO
        start = last["lower_value"]
        value: Decimal = start + (limit - self._unlimited(start)) / slope
        return value

    def vertices(self, greatest: Decimal) -> list[Point]:
        """The curve from 0 to a greatest value, as a line of straight pieces."""
        corners = sorted({ZERO, greatest, *(each for each in self.bends() if each <= greatest)})
        values = set(corners)
        for left, right in pairwise(corners):
            low, high = self._unlimited(left), self._unlimited(right)
            for limit in (ZERO, self.maximum):
                if min(low, high) < limit < max(low, high):
                    values.add(left + (right - left) * (limit - low) / (high - low))
        return [(value, self.points(value)) for value in sorted(values)]


@dataclass(frozen=True)
class Line:
    """The curve of the groups that share a maximum, and its coordinates."""

    groups: tuple[str, ...]
    maximum: Decimal
    coordinates: str


@dataclass(frozen=True)
class Dot:
    """Units of the month with one value and the points that it earned."""

    text: str
    place: Point


@dataclass(frozen=True)
class DrawnRule:
    """A rule in force and its drawing.

    Attributes:
        indicators: whose points it gives.
        basis: row of `reference.rule_bases`: of the weakest segment.
        texts, evidence: what it says, and on what grounds, without repetition.
        valid_from: first month of the rule as it stands.
        ticks_x, ticks_y: text and coordinate of the marks on the axes.
    """

    rule_id: str
    dimension: Row
    indicators: tuple[Row, ...]
    basis: Row
    texts: tuple[str, ...]
    evidence: tuple[str, ...]
    valid_from: date
    lines: tuple[Line, ...]
    dots: tuple[Dot, ...]
    ticks_x: tuple[tuple[Decimal, Decimal], ...]
    ticks_y: tuple[tuple[Decimal, Decimal], ...]


def rules(month: ReleaseMonth) -> list[DrawnRule]:
    """Rules that score an indicator of the month, in order of indicators."""
    groups, indicators = list(month.groups), list(month.indicators)
    uses = sorted(
        (
            row
            for row in month.tables["intermediate.int_group_indicators_monthly"]
            if row["rule_id"] is not None
        ),
        key=lambda row: (
            indicators.index(row["indicator_code"]),
            groups.index(row["group_code"]),
        ),
    )
    segments = grouped(month.tables["intermediate.int_rules_monthly"], "rule_id")
    scores = grouped(month.tables["marts.fct_indicator_scores"], "rule_id")
    return [
        _rule(
            month,
            sorted(segments[rule_id], key=itemgetter("segment_no")),
            used,
            scores.get(rule_id, []),
        )
        for rule_id, used in grouped(uses, "rule_id").items()
    ]


def _rule(
    month: ReleaseMonth, segments: Sequence[Row], uses: Sequence[Row], scores: Sequence[Row]
) -> DrawnRule:
    groups = {row["group_code"]: month.groups[row["group_code"]]["group_name"] for row in uses}
    maxima = {row["group_code"]: row["max_points"] for row in uses}
    sharing: dict[Decimal, list[str]] = {}
    for code, maximum in maxima.items():
        sharing.setdefault(maximum, []).append(groups[code])
    curves = [Curve(segments, maximum) for maximum in sharing]
    observed = Counter(
        (row["group_code"], row["obs_value"], row["points"])
        for row in scores
        if row["obs_value"] is not None
    )
    greatest = _greatest(curves, uses, [value for _, value, _ in observed])
    lines = [(curve, curve.vertices(greatest)) for curve in curves]
    heights = [y for _, vertices in lines for _, y in vertices]
    heights += [points for _, _, points in observed] + [ZERO]
    horizontal = Axis(ZERO, greatest, _LEFT, _RIGHT)
    least, most = min(heights), max(heights)
    vertical = Axis(least, most if most > least else least + 1, _BOTTOM, _TOP)
    return DrawnRule(
        rule_id=segments[0]["rule_id"],
        dimension=month.dimensions[uses[0]["dimension_code"]],
        indicators=tuple(
            month.indicators[code] for code in dict.fromkeys(row["indicator_code"] for row in uses)
        ),
        basis=max(
            (month.bases[row["basis"]] for row in segments), key=lambda row: row["basis_order"]
        ),
        texts=tuple(dict.fromkeys(row["rule_text"] for row in segments)),
        evidence=tuple(dict.fromkeys(row["evidence"] for row in segments)),
        valid_from=segments[0]["valid_from"],
        lines=tuple(
            Line(
                groups=tuple(sharing[curve.maximum]),
                maximum=curve.maximum,
                coordinates=polyline((horizontal.place(x), vertical.place(y)) for x, y in vertices),
            )
            for curve, vertices in lines
        ),
        dots=tuple(
            Dot(
                f"{groups[group]} {count} 个单位："
                f"{plain_figure(value)} → {plain_figure(points)} 分",
                (horizontal.place(value), vertical.place(points)),
            )
            for (group, value, points), count in sorted(observed.items())
        ),
        ticks_x=tuple((value, horizontal.place(value)) for value in horizontal.ticks(5)),
        ticks_y=tuple((value, vertical.place(value)) for value in _heights(vertical, sharing)),
    )


def _heights(axis: Axis, maxima: Iterable[Decimal]) -> list[Decimal]:
    """Marks on the left: nothing and the maxima; round values where there is no maximum."""
    marks = sorted({ZERO, *maxima})
    return marks if len(marks) > 1 else axis.ticks(3)


def _greatest(
    curves: Sequence[Curve], uses: Sequence[Mapping[str, Decimal]], observed: Sequence[Decimal]
) -> Decimal:
    """How far a drawing goes: all valid values, else all that bend the curve or were observed."""
    limit = uses[0]["valid_max"]
    if limit is not None:
        return limit
    last_bend = max(bend for curve in curves for bend in curve.bends())
    ends = [end for curve in curves if (end := curve.end()) is not None]
    reach = 2 * last_bend if last_bend > 0 else max(ends, default=ZERO)
    return max([reach or Decimal(10), *observed]) * Decimal("1.1")
