"""Reading of one table into the month: units, figures, and every problem on the way."""

import re

from ywtb.assessment.problem import Problem
from ywtb.intake.headings import Headings, Match, nearest
from ywtb.intake.layout import Column, Layout, Metric
from ywtb.intake.month import Entry, Month
from ywtb.intake.sources import Source
from ywtb.intake.tables import Cell, Table, clean, compact, letters, shown
from ywtb.intake.values import DASHES, BadValueError, metric_value, plain_text, rank, unit_value

YEAR_MONTH = re.compile(
    r"(?<!\d)(20\d\d)(?:[-_./]?(0[1-9]|1[0-2])|[-_./]([1-9])|年(1[0-2]|0?[1-9]))(?!\d)"
)
TITLE_MONTH = re.compile(r"(20\d\d)年(?:\d{1,2}月?[-—~至到])?(\d{1,2})月")


def month_problems(layout: Layout, text: str, file: str, sheet: str | None = None) -> list[Problem]:
    """Problems of a name or title that speaks of another month."""
    cleaned = clean(text)
    found = {
        f"{match[1]}_{int(match[2] or match[3] or match[4]):02}"
        for match in YEAR_MONTH.finditer(re.sub(r"年\d{1,2}月?[-—~至到](?=\d)", "年", cleaned))
    }
    found |= {f"{match[1]}_{int(match[2]):02}" for match in TITLE_MONTH.finditer(cleaned)}
    return [
        Problem(
            file,
            None,
            None,
            f"{shown(text)} 所指月份为 {other.replace('_', '-')}",
            f"{layout.month.replace('_', '-')} 的数据",
            sheet=sheet,
        )
        for other in sorted(found - {layout.month})
    ]


class TableReader:
    """Reads one table into the month."""

    def __init__(self, month: Month, headings: Headings, source: Source, table: Table) -> None:
        """Keep what is read and where it goes."""
        self.month = month
        self.layout = month.layout
        self.headings = headings
        self.source = source
        self.table = table
        self.units = {
            compact(name): unit for unit in self.layout.units for name in (*unit.aliases, unit.name)
        }
        self.metrics = {
            compact(name): metric
            for metric in self.layout.metrics
            for name in (metric.name, metric.code)
        }

    def read(self) -> None:
        """Read the table, adding entries and problems to the month."""
        table = self.table
        if table.sheet is not None:
            self.month.problems += month_problems(self.layout, table.sheet, table.file, table.sheet)
        match = self.headings.match(table)
        if isinstance(match, Problem):
            self.month.problems.append(match)
            return
        for cells in table.rows[: match.first_row]:
            for cell in cells:
                self.month.problems += month_problems(
                    self.layout, cell.text, table.file, table.sheet
                )
        self.month.problems += match.problems
        self._check_name(match)
        self._check_merges(match)
        for row, cells in enumerate(table.rows[: match.end_row]):
            for cell in cells:
                if cell.kind in ("formula", "error"):
                    self._report(row, None, _seen(cell), "文字本身，不用公式")
        read = self._read_metric if match.is_city else self._read_unit
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

    def _read_unit(self, match: Match, row: int) -> None:
        table = self.table
        name = table.cell(row, match.key_column)
        label = table.cell(match.first_row, match.key_column).text.strip()
        unit = self.units.get(compact(name.text)) if name.kind == "text" else None
        if unit is None:
            found = nearest(compact(name.text), list(self.units))
            expected = "本月名册（units、unit_aliases）中的单位名称"
            if found is not None and not name.is_blank:
                expected += f"，最接近的是“{self.units[found].name}”"
            self._report(row, label, _seen(name), expected)
            return
        if match.group_column is not None:
            group = table.cell(row, match.group_column)
            known = {compact(unit.group_name), compact(unit.group_code)}
            if compact(group.text) not in {*known, *(f"{each}组" for each in known)}:
                self._report(row, label, f"组别 {_seen(group)}", unit.group_name, unit.name)
        entries = {}
        for number, column in match.columns.items():
            cell = table.cell(row, number)
            entry = self._entry(cell, row, number, match.labels[number])
            try:
                value = unit_value(cell, column, unit.group_code)
            except BadValueError as error:
                self.month.problems.append(entry.problem(_seen(cell), str(error), unit.name))
                value = clean(cell.text)
            if unit.group_code in column.limits:
                entries[column] = self._entry(cell, row, number, match.labels[number], value)
        self._add(unit.name, entries, row, label)

    def _read_metric(self, match: Match, row: int) -> None:
        table = self.table
        name = table.cell(row, match.key_column)
        label = table.cell(match.first_row, match.key_column).text.strip()
        metric = self.metrics.get(compact(name.text)) if name.kind == "text" else None
        if metric is None:
            names = {compact(each.name): each.name for each in self.layout.metrics}
            found = nearest(compact(name.text), list(names))
            suggestion = f"，最接近的是“{names[found]}”" if found else ""
            self._report(row, label, _seen(name), f"全市指标（city_metrics）的名称{suggestion}")
            return
        cells = {column: table.cell(row, number) for number, column in match.columns.items()}
        # The template gives the dash of a metric that has a rank only.
        is_unused = all(
            cell.is_blank
            or (
                metric.value_type == "rank"
                and column.value_type == "value"
                and clean(cell.text) in DASHES
            )
            for column, cell in cells.items()
        )
        entries = {}
        for number, column in match.columns.items():
            cell = cells[column]
            entry = self._entry(cell, row, number, match.labels[number])
            try:
                value = "" if is_unused else _metric_cell(cell, column, metric)
            except BadValueError as error:
                self.month.problems.append(entry.problem(_seen(cell), str(error), metric.name))
                continue
            entries[column] = self._entry(cell, row, number, match.labels[number], value)
        if not is_unused:
            self._add(metric.code, entries, row, label)

    def _entry(self, cell: Cell, row: int, column: int, label: str, value: str = "") -> Entry:
        return Entry(value, cell.text, self.source, self.table, row, column, label)

    def _add(self, key: str, entries: dict[Column, Entry], row: int, label: str) -> None:
        """Keep the entries of a row, unless the month has some of them already."""
        for column, entry in entries.items():
            cells = self.month.feeds.setdefault(column.feed, {}).setdefault(key, {})
            if column.name in cells:
                first = cells[column.name]
                place = f"{first.table.file} {first.table.sheet or ''}".strip()
                self._report(
                    row, label, shown(key), f"只出现一次，已见于 {place} 第{first.row + 1}行", key
                )
                return
            cells[column.name] = entry


def _metric_cell(cell: Cell, column: Column, metric: Metric) -> str:
    if column.value_type == "rank":
        text = rank(cell)
        if not text and metric.value_type == "rank":
            raise BadValueError("填写名次：正整数，或“倒数”加正整数")
        return text
    if column.value_type == "detail":
        return plain_text(cell)
    text = metric_value(cell, metric)
    if not text:
        raise BadValueError("填写数值；本月没有该指标的整行留空")
    return text


def _seen(cell: Cell) -> str:
    return "空白" if cell.is_blank else shown(cell.text)
