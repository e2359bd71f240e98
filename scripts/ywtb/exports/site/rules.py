"""Rules in force: what they say, and the curves that they draw."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ywtb.assessment.figures import plain_figure
from ywtb.exports.release_month import ReleaseMonth, grouped
from ywtb.exports.site.drawing import Axis, Point, polyline
from ywtb.exports.standings import ZERO
from ywtb.release.queries import Row

_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 268, 14, 152


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
        row: of `marts.dim_rules`.
        indicators: whose points it gives.
        basis: row of `reference.rule_bases`.
        ticks_x, ticks_y: value and coordinate of the marks on the axes.
    """

    row: Row
    dimension: Row
    indicators: tuple[Row, ...]
    basis: Row
    lines: tuple[Line, ...]
    dots: tuple[Dot, ...]
    ticks_x: tuple[tuple[Decimal, Decimal], ...]
    ticks_y: tuple[tuple[Decimal, Decimal], ...]


def rules(month: ReleaseMonth) -> list[DrawnRule]:
    """Rules that score an indicator of the month, in order of indicators."""
    known = {row["rule_id"]: row for row in month.tables["marts.dim_rules"]}
    scores = grouped(month.tables["marts.fct_indicator_scores"], "rule_id")
    uses = grouped((row for row in month.uses if row["rule_id"] is not None), "rule_id")
    return [
        _rule(month, known[rule_id], used, scores.get(rule_id, []))
        for rule_id, used in uses.items()
    ]


def _rule(month: ReleaseMonth, row: Row, uses: Sequence[Row], scores: Sequence[Row]) -> DrawnRule:
    names = {code: group["group_name"] for code, group in month.groups.items()}
    vertices = grouped(
        (
            each
            for each in month.tables["intermediate.int_rule_curves"]
            if each["rule_id"] == row["rule_id"]
        ),
        "max_points",
    )
    sharing = grouped({each["group_code"]: each for each in uses}.values(), "max_points")
    observed = Counter(
        (each["group_code"], each["obs_value"], each["points"])
        for each in scores
        if each["obs_value"] is not None
    )
    drawn = [each for maximum in sharing for each in vertices[maximum]]
    heights = [ZERO, *(each["points"] for each in drawn), *(points for _, _, points in observed)]
    greatest = max(each["vertex_value"] for each in drawn)
    horizontal = Axis(ZERO, greatest, _LEFT, _RIGHT)
    least, most = min(heights), max(heights)
    vertical = Axis(least, most if most > least else least + 1, _BOTTOM, _TOP)

    def place(value: Decimal, points: Decimal) -> Point:
        return horizontal.place(value), vertical.place(points)

    return DrawnRule(
        row=row,
        dimension=month.dimensions[uses[0]["dimension_code"]],
        indicators=tuple(
            month.indicators[code]
            for code in dict.fromkeys(each["indicator_code"] for each in uses)
        ),
        basis=month.bases[row["basis"]],
        lines=tuple(
            Line(
                groups=tuple(names[each["group_code"]] for each in members),
                maximum=maximum,
                coordinates=polyline(
                    place(each["vertex_value"], each["points"]) for each in vertices[maximum]
                ),
            )
            for maximum, members in sharing.items()
        ),
        dots=tuple(
            Dot(
                f"{names[group]} {count} 个单位：{plain_figure(value)} → {plain_figure(points)} 分",
                place(value, points),
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
