"""A group's totals over the months, of which a page tells one unit's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from statistics import median

from ywtb.exports.release_month import ReleaseMonth
from ywtb.exports.site.drawing import Axis, Point, path, spread
from ywtb.exports.standings import Ranking
from ywtb.release.queries import Row

_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 776, 16, 264


@dataclass(frozen=True)
class Story:
    """A unit's months.

    Attributes:
        rows: of `marts.fct_composite_scores`, oldest first.
        line: its totals as an SVG path.
        dots: its months with their places.
        end: where the line ends.
    """

    rows: tuple[Row, ...]
    line: str
    dots: tuple[tuple[Row, Point], ...]
    end: Point


@dataclass(frozen=True)
class History:
    """A group's months: its units' lines in one path, its median, and the axes.

    `medians` holds the median of every month; `stories` a unit's months by its id.
    """

    peers: str
    median_line: str
    median_end: Point
    medians: Mapping[date, Decimal]
    ticks_x: tuple[tuple[str, Decimal], ...]
    ticks_y: tuple[tuple[Decimal, Decimal], ...]
    stories: Mapping[str, Story]


def history(month: ReleaseMonth, ranking: Ranking) -> History | None:
    """The months of a group up to this one; None as long as there is only one.

    A group's lines hold the months in which a unit was in the group; a unit's own line holds all
    its months, whichever group it was in.
    """
    units = {unit.total["unit_id"]: unit for unit in ranking.units}
    group = ranking.group["group_code"]
    own: dict[str, dict[date, Row]] = {unit_id: {} for unit_id in units}
    in_group: dict[str, dict[date, Decimal]] = {}
    for row in month.totals:
        if row["unit_id"] in own:
            own[row["unit_id"]][row["score_month"]] = row
        if row["group_code"] == group:
            in_group.setdefault(row["unit_id"], {})[row["score_month"]] = row["exact_score"]
    months = sorted({each for rows in own.values() for each in rows})
    if len(months) < 2:
        return None
    calendar = _calendar(months[0], months[-1])
    medians = {
        each: Decimal(median(values))
        for each in calendar
        if (values := [totals[each] for totals in in_group.values() if each in totals])
    }
    shown = [row["exact_score"] for rows in own.values() for row in rows.values()]
    shown += [total for totals in in_group.values() for total in totals.values()]
    horizontal = Axis(Decimal(0), Decimal(len(calendar) - 1), _LEFT, _RIGHT)
    vertical = spread(shown, _BOTTOM, _TOP)
    across = {each: horizontal.place(Decimal(place)) for place, each in enumerate(calendar)}

    def line(totals: Mapping[date, Decimal]) -> str:
        return path(
            [
                (across[each], vertical.place(totals[each])) if each in totals else None
                for each in calendar
            ]
        )

    def story(rows: Mapping[date, Row]) -> Story:
        dots = tuple(
            (row, (across[each], vertical.place(row["exact_score"]))) for each, row in rows.items()
        )
        totals = {each: row["exact_score"] for each, row in rows.items()}
        return Story(tuple(rows.values()), line(totals), dots, dots[-1][1])

    return History(
        peers="".join(line(totals) for totals in in_group.values()),
        median_line=line(medians),
        median_end=(across[calendar[-1]], vertical.place(medians[calendar[-1]])),
        medians=medians,
        ticks_x=tuple(_marks(calendar, across)),
        ticks_y=tuple((value, vertical.place(value)) for value in vertical.ticks(5)),
        stories={unit_id: story(rows) for unit_id, rows in own.items()},
    )


def _calendar(first: date, last: date) -> list[date]:
    """All months from the first to the last, the ones in which nothing was scored included."""
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    months = range(first.month - 1, first.month - 1 + count)
    return [date(first.year + month // 12, month % 12 + 1, 1) for month in months]


def _marks(calendar: Sequence[date], across: Mapping[date, Decimal]) -> list[tuple[str, Decimal]]:
    """Marks below: every month of a short history, the Januaries of a long one."""
    if len(calendar) <= 13:
        return [(f"{each.month}月", across[each]) for each in calendar]
    return [(f"{each.year}年", across[each]) for each in calendar if each.month == 1]
