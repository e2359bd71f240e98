"""A month's feeds assembled from the tables received, with every problem on the way."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ywtb.checks import Problem
from ywtb.intake.headings import Headings, Match, nearest
from ywtb.intake.layout import CITY_FEED, Column, Feed, Layout, Metric, Unit
from ywtb.intake.sources import Source
from ywtb.intake.tables import Cell, Table, UnreadableError, clean, compact, letters, shown
from ywtb.intake.values import DASHES, BadValueError, metric_value, plain_text, rank, unit_value

YEAR_MONTH = re.compile(
    r"(?<!\d)(20\d\d)(?:[-_./]?(0[1-9]|1[0-2])|[-_./]([1-9])|年(1[0-2]|0?[1-9]))(?!\d)"
)
TITLE_MONTH = re.compile(r"(20\d\d)年(?:\d{1,2}月?[-—~至到])?(\d{1,2})月")


@dataclass(frozen=True)
class Entry:
    """A value of the month and the cell that it came from; row and column are counted from 0."""

    value: str
    seen: str
    source: Source
    table: Table
    row: int
    column: int
    label: str

    def problem(self, seen: str, expected: str, unit: str | None) -> Problem:
        """A problem of the cell."""
        return Problem(
            self.table.file, self.row + 1, self.label, seen, expected, unit, self.table.sheet
        )


@dataclass
class Month:
    """Entries by feed, then by row key (unit name or metric code), then by column."""

    layout: Layout
    feeds: dict[str, dict[str, dict[str, Entry]]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def seed_rows(self, feed: Feed) -> list[list[str]]:
        """The feed's seed: header, then rows in official order. Only for a month in order."""
        received = self.feeds[feed.name]
        rows = [[feed.key, *(column.name for column in feed.columns)]]
        for key in self.keys(feed):
            if key in received:
                cells = received[key]
                values = [
                    cells[column.name].value if column.name in cells else ""
                    for column in feed.columns
                ]
                rows.append([key, *values])
        return rows

    def keys(self, feed: Feed) -> list[str]:
        """Row keys of a feed in order."""
        if feed.name == CITY_FEED:
            return [metric.code for metric in self.layout.metrics]
        return [unit.name for unit in self.layout.units_of(feed)]


def read_month(
    layout: Layout, tables: Sequence[tuple[Source, Table]], kept: Iterable[str]
) -> Month:
    """Assemble a month.

    Args:
        layout: what the month must hold.
        tables: what was received, each with its file.
        kept: feeds that may be absent because the month has them already.
    """
    month = Month(layout)
    headings = Headings(layout)
    for source, table in tables:
        _Reader(month, headings, source, table).read()
    for feed in layout.feeds:
        received = month.feeds.get(feed.name, {})
        if any(entry.value for cells in received.values() for entry in cells.values()):
            _check_complete(month, feed, received)
            continue
        month.feeds.pop(feed.name, None)
        if feed.is_required and feed.name not in kept:
            name = feed.seed_name(layout.month)
            month.problems.append(
                Problem(name, None, None, "没有该表", f"[{feed.label}] 表：{feed.description}")
            )
    if not month.problems:
        month.problems += _errata_problems(month)
    return month


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


class _Reader:
    """Reads one table into the month."""

    def __init__(self, month: Month, headings: Headings, source: Source, table: Table) -> None:
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


def _check_complete(month: Month, feed: Feed, received: dict[str, dict[str, Entry]]) -> None:
    """Name missing columns, rows and cells of a feed, each at the highest level that fits."""
    if feed.name == CITY_FEED:
        return
    entries = [entry for cells in received.values() for entry in cells.values()]
    place = entries[0].table
    absent: set[tuple[str, str]] = set()
    groups: dict[str, list[Unit]] = {}
    for unit in month.layout.units_of(feed):
        groups.setdefault(unit.group_code, []).append(unit)
    for group, units in groups.items():
        present = [received[unit.name] for unit in units if unit.name in received]
        for column in feed.columns:
            if (
                group in column.limits
                and present
                and not any(column.name in each for each in present)
            ):
                absent.add((group, column.name))
    for column in feed.columns:
        lacking = [group for group in groups if (group, column.name) in absent]
        is_imputed = all(
            (unit.name, column.name) in month.layout.imputed
            for group in lacking
            for unit in groups[group]
        )
        if lacking and column.is_required and not is_imputed:
            names = "、".join(groups[group][0].group_name for group in lacking)
            month.problems.append(
                Problem(
                    place.file, None, column.label, f"缺少该列（{names}）", "每个指标一列",
                    sheet=place.sheet,
                )
            )  # fmt: skip
    for unit in month.layout.units_of(feed):
        needed = [
            column
            for column in feed.columns
            if unit.group_code in column.limits
            and column.is_required
            and (unit.name, column.name) not in month.layout.imputed
        ]
        if unit.name not in received:
            if needed:
                month.problems.append(
                    Problem(
                        place.file, None, None, "缺少该单位", "该单位应占一行", unit.name,
                        place.sheet,
                    )
                )  # fmt: skip
            continue
        for column in needed:
            entry = received[unit.name].get(column.name)
            expected = "填写该指标的值；不适用的填“—”"
            if entry is None:
                if (unit.group_code, column.name) not in absent:
                    month.problems.append(
                        Problem(place.file, None, column.label, "缺少", expected, unit.name)
                    )
            elif not entry.value:
                month.problems.append(entry.problem("空白", expected, unit.name))


def _errata_problems(month: Month) -> list[Problem]:
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


def read_tables(
    layout: Layout, sources: Sequence[Source], skipped: str
) -> tuple[list[tuple[Source, Table]], list[Problem]]:
    """Tables of all files, and problems of the files that are none."""
    from ywtb.intake.text_file import read_text_table
    from ywtb.intake.workbook import read_workbook

    keys = Headings(layout).keys
    tables: list[tuple[Source, Table]] = []
    problems: list[Problem] = []
    for source in sources:
        problems += month_problems(layout, source.path.stem, source.name)
        is_workbook = source.path.suffix.lower() == ".xlsx"
        try:
            if is_workbook:
                found = read_workbook(source.name, source.data, skipped)
            elif source.data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
                problems.append(
                    Problem(source.name, None, None, "内容是工作簿", "文本；工作簿以 .xlsx 命名")
                )
                continue
            else:
                found = [read_text_table(source.name, source.data, keys)]
        except UnreadableError as error:
            problems += error.problems
            continue
        tables += [(source, table) for table in found]
    return tables, problems
