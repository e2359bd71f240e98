"""Reading of one table into the month: units, figures, and every problem on the way."""

import re
from collections.abc import Sequence

from ywtb.assessment.problem import Problem
from ywtb.intake.headings import Headings, Match, nearest
from ywtb.intake.layout import CITY_COLUMN, FeedColumn, Layout, group_of
from ywtb.intake.month import Key, ReceivedMonth, ReceivedValue
from ywtb.intake.sources import Source, month_problems
from ywtb.intake.tables import ReceivedCell, Table, clean, compact, letters, shown
from ywtb.intake.values import (
    BadValueError,
    Readings,
    is_unused,
    metric_value,
    unit_value,
    with_reason,
)


def read_month(
    layout: Layout,
    tables: Sequence[tuple[Source, Table]],
    readings: Readings,
) -> ReceivedMonth:
    """Assemble what was received of a month.

    Args:
        layout: what the month must hold.
        tables: what was received, each with its file.
        readings: what the texts of its cells are read as.
    """
    month = ReceivedMonth(layout)
    headings = Headings(layout)
    for source, table in tables:
        TableReader(month, headings, readings, source, table).read()
    for name, received in list(month.feeds.items()):
        if not any(entry.value for cells in received.values() for entry in cells.values()):
            del month.feeds[name]
    return month


class TableReader:
    """Reads one table into the month."""

    def __init__(
        self,
        month: ReceivedMonth,
        headings: Headings,
        readings: Readings,
        source: Source,
        table: Table,
    ) -> None:
        """Keep what is read and where it goes."""
        self.month = month
        self.layout = month.layout
        self.headings = headings
        self.readings = readings
        self.source = source
        self.table = table
        reference = self.layout.reference
        self.units = self.layout.units_by_name
        self.metrics = {
            compact(row[name]): row
            for row in reference.city_metrics
            for name in ("metric_name", "metric_code")
        }
        self.cities = {
            compact(row[name]): row[CITY_COLUMN]
            for row in reference.cities
            for name in ("city_name", CITY_COLUMN)
        }

    def read(self) -> None:
        """Read the table, adding entries and problems to the month."""
        table, problems = self.table, self.month.problems
        match = self.headings.match(table)
        titles = [] if isinstance(match, Problem) else table.rows[: match.first_row]
        for text in (table.sheet or "", *(cell.text for cells in titles for cell in cells)):
            problems += month_problems(self.layout.month, text, table.file, table.sheet)
        if isinstance(match, Problem):
            problems.append(match)
            return
        problems += match.problems
        self._check_name(match)
        self._check_merges(match)
        if match.city_column is None and self.layout.only_city is None:
            expected = f"首列“城市”，每行写明：{self._cities()}"
            self._report(match.first_row, None, "没有城市列", expected)
            self.month.refused.update(column.feed for column in match.columns.values())
            return
        for row, cells in enumerate(table.rows[: match.end_row]):
            for cell in cells:
                if cell.kind in ("formula", "error"):
                    self._report(row, None, _seen(cell), "文字本身，不用公式")
        read = self._read_metric if match.has_metrics else self._read_unit
        for row in range(match.end_row, len(table.rows)):
            if any(not cell.is_blank for cell in table.rows[row]):
                read(match, row)

    def _report(
        self, row: int | None, label: str | None, seen: str, expected: str, unit: str | None = None
    ) -> None:
        number = None if row is None else row + 1
        self.month.problems.append(
            Problem(self.table.file, number, label, seen, expected, unit, self.table.sheet)
        )

    def _check_name(self, match: Match) -> None:
        """A file or sheet named after a feed must hold columns of that feed."""
        feeds = {column.feed for column in match.columns.values()}
        stem = clean(self.source.path.stem).lower()
        for feed in self.layout.feeds:
            is_named = (
                re.match(rf"(raw_)?{feed.name}(__|$)", stem)
                or compact(self.table.sheet or "") == compact(feed.label)
            )  # fmt: skip
            if is_named and feeds and feed.name not in feeds:
                self._report(None, None, "列名不属于该表", f"[{feed.label}] 表的各列")

    def _check_merges(self, match: Match) -> None:
        for top, left, bottom, right in self.table.merges:
            if bottom >= match.end_row:
                place = f"{letters(left)}{top + 1}:{letters(right)}{bottom + 1}"
                self._report(top, None, f"合并单元格 {place}", "数据区没有合并单元格")

    def _cities(self) -> str:
        cities = self.layout.reference.cities
        return "、".join(f"{row[CITY_COLUMN]} {row['city_name']}" for row in cities)

    def _city(self, match: Match, row: int) -> str | None:
        """City of a row, or None with a problem. A row need not name the only one there is."""
        if match.city_column is None:
            return self.layout.only_city
        cell = self.table.cell(row, match.city_column)
        city = self.layout.only_city if cell.is_blank else self.cities.get(compact(cell.text))
        if city is None:
            label = self.table.cell(match.first_row, match.city_column).text.strip()
            self._report(row, label, _seen(cell), f"本月的城市：{self._cities()}")
        return city

    def _read_unit(self, match: Match, row: int) -> None:
        table = self.table
        city = self._city(match, row)
        if city is None:
            return
        name = table.cell(row, match.key_column)
        label = table.cell(match.first_row, match.key_column).text.strip()
        unit = self.units.get((city, compact(name.text))) if name.kind == "text" else None
        if unit is None:
            names = [known for place, known in self.units if place == city]
            found = nearest(compact(name.text), names)
            expected = "本月名册（units、unit_aliases）中的单位名称"
            if found is not None and not name.is_blank:
                expected += f"，最接近的是“{self.units[city, found]['unit_name']}”"
            self._report(row, label, _seen(name), with_reason(name, expected))
            return
        title = self.layout.titled(city, unit["unit_name"])
        if match.group_column is not None:
            group = table.cell(row, match.group_column)
            known = {compact(unit["group_name"]), compact(unit["group_code"])}
            if compact(group.text) not in {*known, *(f"{each}组" for each in known)}:
                self._report(row, label, f"组别 {_seen(group)}", unit["group_name"], title)
        entries = {}
        for number, column in match.columns.items():
            cell = table.cell(row, number)
            entry = self._entry(cell, row, number, match.labels[number])
            try:
                value = unit_value(cell, column, unit, self.readings)
            except BadValueError as error:
                self.month.problems.append(entry.problem(_seen(cell), str(error), title))
                value = cell.text
            if group_of(unit) in column.limits:
                entries[column] = self._entry(cell, row, number, match.labels[number], value)
        self._add(match, (city, unit["unit_name"]), entries, row, label)

    def _read_metric(self, match: Match, row: int) -> None:
        table = self.table
        city = self._city(match, row)
        if city is None:
            return
        name = table.cell(row, match.key_column)
        label = table.cell(match.first_row, match.key_column).text.strip()
        metric = self.metrics.get(compact(name.text)) if name.kind == "text" else None
        if metric is None:
            found = nearest(compact(name.text), list(self.metrics))
            suggestion = f"，最接近的是“{self.metrics[found]['metric_name']}”" if found else ""
            expected = f"全市指标（city_metrics）的名称{suggestion}"
            self._report(row, label, _seen(name), with_reason(name, expected))
            return
        cells = {column: table.cell(row, number) for number, column in match.columns.items()}
        # The template gives the dash of a metric that has a rank only.
        is_empty = all(
            cell.is_blank
            or (
                metric["value_type"] == "rank"
                and column.value_type == "value"
                and is_unused(cell, self.readings)
            )
            for column, cell in cells.items()
        )
        entries = {}
        for number, column in match.columns.items():
            cell = cells[column]
            entry = self._entry(cell, row, number, match.labels[number])
            try:
                value = "" if is_empty else metric_value(cell, column, metric, self.readings)
            except BadValueError as error:
                self.month.problems.append(
                    entry.problem(_seen(cell), str(error), metric["metric_name"])
                )
                continue
            entries[column] = self._entry(cell, row, number, match.labels[number], value)
        if not is_empty:
            self._add(match, (city, metric["metric_code"]), entries, row, label)

    def _entry(
        self, cell: ReceivedCell, row: int, column: int, label: str, value: str = ""
    ) -> ReceivedValue:
        return ReceivedValue(value, cell.text, self.source, self.table, row, column, label)

    def _add(
        self,
        match: Match,
        key: Key,
        entries: dict[FeedColumn, ReceivedValue],
        row: int,
        label: str,
    ) -> None:
        """Keep the entries of a row, unless the month has some of them already."""
        for column, entry in entries.items():
            if match.city_column is not None:
                self.month.with_city.add(column.feed)
            cells = self.month.feeds.setdefault(column.feed, {}).setdefault(key, {})
            if column.name in cells:
                first = cells[column.name]
                place = f"{first.table.file} {first.table.sheet or ''}".strip()
                expected = f"只出现一次，已见于 {place} 第{first.row + 1}行"
                self._report(row, label, shown(key[1]), expected, key[1])
                return
            cells[column.name] = entry


def _seen(cell: ReceivedCell) -> str:
    return "空白" if cell.is_blank else shown(cell.text)
