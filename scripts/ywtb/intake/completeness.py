"""What a month lacks, and where it disagrees with the errata kept for it."""

from collections.abc import Collection

from ywtb.assessment.problem import Problem
from ywtb.assessment.reference import Row
from ywtb.intake.layout import CITY_COLUMN, Feed, FeedColumn, Group, group_of
from ywtb.intake.month import Received, ReceivedMonth
from ywtb.intake.tables import Table, shown

FILL_IN = "填写该指标的值；不适用的填“—”"


def check_complete(month: ReceivedMonth, feed: Feed, received: Received) -> None:
    """Name missing cities, columns, rows and cells of a feed, each at the highest level that fits.

    A city may come without a feed that is not required; if it has the feed, it has all of it.
    """
    place = next(entry for cells in received.values() for entry in cells.values()).table
    present = {city for city, _ in received}
    for city in month.layout.reference.cities:
        has_rows = any(row[CITY_COLUMN] == city[CITY_COLUMN] for row in feed.rows)
        if feed.is_required and has_rows and city[CITY_COLUMN] not in present:
            _report(month, place, None, f"缺少城市 {city['city_name']}", "本月各城市的行")
    if feed.has_metrics:
        for column in feed.columns:
            if not any(column.name in cells for cells in received.values()):
                _report(month, place, column.label, "缺少该列", "模板中的各列")
        return
    groups: dict[Group, list[Row]] = {}
    for unit in feed.rows:
        if unit[CITY_COLUMN] in present:
            groups.setdefault(group_of(unit), []).append(unit)
    absent = _absent_columns(feed, received, groups)
    for column in feed.columns:
        lacking = dict.fromkeys(
            month.layout.titled(group[0], units[0]["group_name"])
            for group, units in groups.items()
            if (group, column.name) in absent
            and any(_is_needed(month, unit, column) for unit in units)
        )
        if lacking:
            _report(month, place, column.label, f"缺少该列（{'、'.join(lacking)}）", "每个指标一列")
    for unit in (unit for units in groups.values() for unit in units):
        key = unit[CITY_COLUMN], unit[feed.key]
        name = month.layout.titled(*key)
        needed = [column for column in feed.columns if _is_needed(month, unit, column)]
        if key not in received:
            if needed:
                _report(month, place, None, "缺少该单位", "该单位应占一行", name)
            continue
        for column in needed:
            entry = received[key].get(column.name)
            if entry is not None and not entry.value:
                month.problems.append(entry.problem("空白", FILL_IN, name))
            elif entry is None and (group_of(unit), column.name) not in absent:
                _report(month, place, column.label, "缺少", FILL_IN, name)


def _absent_columns(
    feed: Feed, received: Received, groups: dict[Group, list[Row]]
) -> set[tuple[Group, str]]:
    """Groups and columns of which no unit received has a cell."""
    absent = set()
    for group, units in groups.items():
        keys = [(unit[CITY_COLUMN], unit[feed.key]) for unit in units]
        present = [received[key] for key in keys if key in received]
        for column in feed.columns:
            is_there = any(column.name in cells for cells in present)
            if group in column.limits and present and not is_there:
                absent.add((group, column.name))
    return absent


def _is_needed(month: ReceivedMonth, unit: Row, column: FeedColumn) -> bool:
    imputed = month.layout.imputed
    place = (unit[CITY_COLUMN], unit["unit_name"], column.name)
    return group_of(unit) in column.limits and column.is_required and place not in imputed


def _report(
    month: ReceivedMonth,
    place: Table,
    label: str | None,
    seen: str,
    expected: str,
    unit: str | None = None,
) -> None:
    month.problems.append(Problem(place.file, None, label, seen, expected, unit, place.sheet))


def check_month(month: ReceivedMonth, kept: Collection[str]) -> None:
    """Name the feeds that are not there; where nothing else is wrong, look at the errata.

    Args:
        month: what was received.
        kept: feeds that may be absent, such as those that the month has already.
    """
    for feed in month.layout.feeds:
        if feed.is_required and feed.name not in {*month.feeds, *month.refused, *kept}:
            name = feed.seed_name(month.layout.month)
            expected = f"[{feed.label}] 表：{feed.description}"
            month.problems.append(Problem(name, None, None, "没有该表", expected))
    if not month.problems:
        month.problems += _errata_problems(month)


def _errata_problems(month: ReceivedMonth) -> list[Problem]:
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
