"""What a month lacks, and where it disagrees with the errata kept for it."""

from ywtb.assessment.problem import Problem
from ywtb.intake.layout import CITY_FEED, Column, Feed, Unit
from ywtb.intake.month import Entry, Month
from ywtb.intake.tables import Table, shown

FILL_IN = "填写该指标的值；不适用的填“—”"

Received = dict[str, dict[str, Entry]]
"""Entries of a feed by row key, then by column."""


def check_complete(month: Month, feed: Feed, received: Received) -> None:
    """Name missing columns, rows and cells of a feed, each at the highest level that fits."""
    place = next(entry for cells in received.values() for entry in cells.values()).table
    if feed.name == CITY_FEED:
        for column in feed.columns:
            if not any(column.name in cells for cells in received.values()):
                _report(month, place, column.label, "缺少该列", "模板中的各列")
        return
    groups: dict[str, list[Unit]] = {}
    for unit in month.layout.units_of(feed):
        groups.setdefault(unit.group_code, []).append(unit)
    absent = _absent_columns(feed, received, groups)
    for column in feed.columns:
        lacking = [
            units
            for group, units in groups.items()
            if (group, column.name) in absent
            and any(_is_needed(month, unit, column) for unit in units)
        ]
        if lacking:
            names = "、".join(units[0].group_name for units in lacking)
            _report(month, place, column.label, f"缺少该列（{names}）", "每个指标一列")
    for unit in month.layout.units_of(feed):
        needed = [column for column in feed.columns if _is_needed(month, unit, column)]
        if unit.name not in received:
            if needed:
                _report(month, place, None, "缺少该单位", "该单位应占一行", unit.name)
            continue
        for column in needed:
            entry = received[unit.name].get(column.name)
            if entry is not None and not entry.value:
                month.problems.append(entry.problem("空白", FILL_IN, unit.name))
            elif entry is None and (unit.group_code, column.name) not in absent:
                _report(month, place, column.label, "缺少", FILL_IN, unit.name)


def _absent_columns(
    feed: Feed, received: Received, groups: dict[str, list[Unit]]
) -> set[tuple[str, str]]:
    """Groups and columns of which no unit received has a cell."""
    absent = set()
    for group, units in groups.items():
        present = [received[unit.name] for unit in units if unit.name in received]
        for column in feed.columns:
            is_there = any(column.name in cells for cells in present)
            if group in column.limits and present and not is_there:
                absent.add((group, column.name))
    return absent


def _is_needed(month: Month, unit: Unit, column: Column) -> bool:
    return (
        unit.group_code in column.limits
        and column.is_required
        and (unit.name, column.name) not in month.layout.imputed
    )


def _report(
    month: Month, place: Table, label: str | None, seen: str, expected: str, unit: str | None = None
) -> None:
    month.problems.append(Problem(place.file, None, label, seen, expected, unit, place.sheet))


def errata_problems(month: Month) -> list[Problem]:
    """Corrections and imputed cells of the month that would no longer meet what they expect."""
    problems = []
    for (unit, column), erratum in month.layout.imputed.items():
        for received in month.feeds.values():
            entry = received.get(unit, {}).get(column)
            if entry is not None and entry.value:
                expected = f"空白：该单元格另有推算值（{erratum}）"
                problems.append(entry.problem(shown(entry.seen), expected, unit))
    for correction in month.layout.corrections:
        if correction.feed not in month.feeds:
            continue
        feed = month.layout.feed(correction.feed)
        rows = month.seed_rows(feed)
        seen = ""
        if correction.row <= len(rows) and correction.column in rows[0]:
            seen = rows[correction.row - 1][rows[0].index(correction.column)]
        if seen != correction.value:
            expected = f"{shown(correction.value)}，与勘误 {correction.erratum_id} 一致"
            problems.append(
                Problem(
                    feed.seed_name(month.layout.month),
                    correction.row,
                    correction.column,
                    shown(seen),
                    expected,
                )
            )
    return problems
