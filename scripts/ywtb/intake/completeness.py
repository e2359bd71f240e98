"""What a month lacks, and where it disagrees with the errata kept for it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from ywtb.assessment.problem import Problem
from ywtb.assessment.reference import Row
from ywtb.intake.layout import CITY_COLUMN, Feed, FeedColumn, Group, Layout, group_of
from ywtb.intake.month import Received, ReceivedMonth
from ywtb.intake.tables import shown


@dataclass(frozen=True)
class Missing:
    """What a month lacks.

    Attributes:
        feed: the feed's name as people know it.
        of: the city, group or unit that has not handed it in; None is everybody.
        column: the indicator; None is all of the feed.
    """

    feed: str
    of: str | None = None
    column: str | None = None

    def __str__(self) -> str:
        """The gap as people are told of it."""
        return " ".join(each for each in (f"[{self.feed}]", self.of, self.column) if each)


Counted = Collection[tuple[str, str]]
"""City and indicator of what is counted from case records, so that nobody need hand it in."""


def missing(
    layout: Layout, feeds: Mapping[str, Received], counted: Counted = frozenset()
) -> list[Missing]:
    """What a month lacks, each gap told at the highest level that fits.

    A city may come without a feed that is not required; if it has the feed, it has all of it.
    """
    found: list[Missing] = []
    for feed in layout.feeds:
        received = feeds.get(feed.name)
        if received:
            found += _of_feed(layout, feed, received, counted)
        elif feed.is_required and not all(
            _is_counted(feed, city, counted) for city in layout.reference.cities
        ):
            found.append(Missing(feed.label))
    return found


def _is_counted(feed: Feed, city: Row, counted: Counted) -> bool:
    return all((city[CITY_COLUMN], column.name) in counted for column in feed.columns)


def _of_feed(layout: Layout, feed: Feed, received: Received, counted: Counted) -> Iterator[Missing]:
    present = {city for city, _ in received}
    for city in layout.reference.cities:
        has_rows = any(row[CITY_COLUMN] == city[CITY_COLUMN] for row in feed.rows)
        is_there = city[CITY_COLUMN] in present or _is_counted(feed, city, counted)
        if feed.is_required and has_rows and not is_there:
            yield Missing(feed.label, city["city_name"])
    if feed.has_metrics:
        for column in feed.columns:
            if not any(column.name in cells for cells in received.values()):
                yield Missing(feed.label, None, column.label)
        return
    groups: dict[Group, list[Row]] = {}
    for unit in feed.rows:
        if unit[CITY_COLUMN] in present:
            groups.setdefault(group_of(unit), []).append(unit)
    absent = _absent_columns(feed, received, groups)
    for column in feed.columns:
        for group, units in groups.items():
            needed = any(_is_needed(layout, unit, column, counted) for unit in units)
            if needed and (group, column.name) in absent:
                name = layout.titled(group[0], units[0]["group_name"])
                yield Missing(feed.label, name, column.label)
    for unit in (unit for units in groups.values() for unit in units):
        key = unit[CITY_COLUMN], unit[feed.key]
        name = layout.titled(*key)
        needed_columns = [
            column for column in feed.columns if _is_needed(layout, unit, column, counted)
        ]
        cells = received.get(key, {})
        if not any(entry.value for entry in cells.values()):
            if needed_columns:
                yield Missing(feed.label, name)
            continue
        for column in needed_columns:
            entry = cells.get(column.name)
            if not (entry and entry.value) and (group_of(unit), column.name) not in absent:
                yield Missing(feed.label, name, column.label)


def _absent_columns(
    feed: Feed, received: Received, groups: Mapping[Group, list[Row]]
) -> set[tuple[Group, str]]:
    """Groups and columns of which no unit received has a value."""
    absent = set()
    for group, units in groups.items():
        keys = [(unit[CITY_COLUMN], unit[feed.key]) for unit in units]
        present = [received[key] for key in keys if key in received]
        for column in feed.columns:
            is_there = any(column.name in cells and cells[column.name].value for cells in present)
            if group in column.limits and present and not is_there:
                absent.add((group, column.name))
    return absent


def _is_needed(layout: Layout, unit: Row, column: FeedColumn, counted: Counted) -> bool:
    place = (unit[CITY_COLUMN], unit["unit_name"], column.name)
    return (
        group_of(unit) in column.limits
        and column.is_required
        and place not in layout.imputed
        and (unit[CITY_COLUMN], column.name) not in counted
    )


def errata_problems(month: ReceivedMonth) -> list[Problem]:
    """Corrections and imputed cells of the month that would no longer meet what they expect."""
    problems = []
    for (city, unit, column), erratum in month.layout.imputed.items():
        for received in month.feeds.values():
            entry = received.get((city, unit), {}).get(column)
            if entry is not None and entry.value:
                expected = f"空白：该单元格另有推算值（{erratum}）"
                problems.append(entry.problem(shown(entry.seen), expected, unit))
    for row in month.layout.reference.corrections:
        if row["feed"] not in month.feeds:
            continue
        feed = month.layout.feed(row["feed"])
        rows = month.seed_rows(feed)
        seen, printed = "", row["printed_value"] or ""
        if row["row_no"] <= len(rows) and row["column_name"] in rows[0]:
            seen = rows[row["row_no"] - 1][rows[0].index(row["column_name"])]
        if seen != printed:
            expected = f"{shown(printed)}，与勘误 {row['erratum_id']} 一致"
            name = feed.seed_name(month.layout.month)
            problems.append(Problem(name, row["row_no"], row["column_name"], shown(seen), expected))
    return problems
