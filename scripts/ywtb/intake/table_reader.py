"""Reading of one table into the month: units, figures, and every problem on the way."""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import accumulate
from pathlib import PurePosixPath

from ywtb.assessment.problem import Problem
from ywtb.assessment.reference import Row
from ywtb.assessment.unit_names import meant_units
from ywtb.intake.headings import Headings, Match, nearest
from ywtb.intake.layout import CITY_COLUMN, FeedColumn, Layout, group_of
from ywtb.intake.mentioned_months import month_problems
from ywtb.intake.month import Key, ReceivedMonth, ReceivedValue
from ywtb.intake.sources import Source
from ywtb.intake.tables import ReceivedCell, Table, cell_name, clean, compact, shown
from ywtb.intake.totals import RowKind, check_totals
from ywtb.intake.values import (
    BadValueError,
    Readings,
    is_unused,
    metric_value,
    unit_value,
    with_reason,
)
from ywtb.intake.words import unit_names

Spans = Mapping[tuple[int, int], int]


ASIDE = "未读取"
MAX_TITLE = 1000
"""Characters of a title that are looked at."""

MAX_NOTED = 20
"""Characters of a row that a note quotes."""

ROW_KINDS: Mapping[RowKind, str] = {
    "note": f"表外的说明或签署，{ASIDE}",
    "total": f"合计行，{ASIDE}（计数列已与各单位之和核对）",
    "header": f"重复的表头，{ASIDE}",
    "section": f"分组的小标题，{ASIDE}",
    "empty": f"没有单位和数据的行，{ASIDE}",
}


def read_month(
    layout: Layout,
    tables: Sequence[tuple[Source, Table]],
    readings: Readings,
    with_scores: bool = False,
) -> ReceivedMonth:
    """Assemble what was received of a month; what it lacks is told by `check_feeds`.

    Args:
        layout: what the month must hold.
        tables: what was received, each with its file.
        readings: what the texts of its cells are read as.
        with_scores: whether the scores of annexes are taken for published ones.
    """
    month = ReceivedMonth(layout)
    headings = Headings(layout)
    matches = [_match(layout, headings, table) for _, table in tables]
    useful = {
        table.file
        for (_, table), match in zip(tables, matches, strict=True)
        if isinstance(match, Match)
    }
    named: dict[str, str] = {}
    for source, table in tables:
        named[source.name] = source.path.stem
        if table.member:
            named[table.file] = PurePosixPath(table.member).stem
        for note in table.notes:
            month.notes.add(table.place, note)
    for file, stem in named.items():
        month.problems += _month_problems(layout, stem, file)
    for (source, table), match in zip(tables, matches, strict=True):
        if isinstance(match, Match):
            TableReader(month, headings, readings, source, table, with_scores).read(match)
        elif table.file in useful:
            month.notes.add(table.place, f"没有可识别的表头，整张{ASIDE}")
        else:
            month.problems.append(match)
    for name, received in list(month.feeds.items()):
        if not any(entry.value for cells in received.values() for entry in cells.values()):
            del month.feeds[name]
    return month


def _match(layout: Layout, headings: Headings, table: Table) -> Match | Problem:
    match = headings.match(table)
    if isinstance(match, Match) and layout.words.names("aside_sheet", table.sheet or ""):
        seen = f"名为 {shown(table.sheet or '')} 的工作表不是数据"
        return Problem(table.file, None, None, seen, "本月的数据", sheet=table.sheet)
    return match


def _month_problems(
    layout: Layout, text: str, file: str, sheet: str | None = None
) -> list[Problem]:
    return month_problems(layout.month, text, file, sheet, layout.words.of("report_date"))


class TableReader:
    """Reads one table into the month."""

    def __init__(
        self,
        month: ReceivedMonth,
        headings: Headings,
        readings: Readings,
        source: Source,
        table: Table,
        with_scores: bool,
    ) -> None:
        """Keep what is read and where it goes."""
        self.month = month
        self.layout = month.layout
        self.words = month.layout.words
        self.headings = headings
        self.readings = readings
        self.source = source
        self.table = table
        self.with_scores = with_scores
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

    def read(self, match: Match) -> None:
        """Read the table, adding entries, problems and notes to the month."""
        table, problems = self.table, self.month.problems
        self._check_titles(match)
        problems += match.problems
        self._set_columns_aside(match)
        self._check_name(match)
        aside = self._set_rows_aside(match)
        self._check_merges(match, aside)
        if match.city_column is None and self.layout.only_city is None:
            expected = f"首列“城市”，每行写明：{self._cities()}"
            self._report(match.first_row, None, "没有城市列", expected)
            self.month.refused.update(column.feed for column in match.columns.values())
            return
        for row, cells in enumerate(table.rows[: match.end_row]):
            for cell in cells:
                if cell.kind in ("formula", "error"):
                    self._report(row, None, _seen(cell), "文字本身，不用公式")
        spans = self._spans(match)
        before = len(problems)
        for row in range(match.end_row, len(table.rows)):
            if row in aside or all(cell.is_blank for cell in table.rows[row]):
                continue
            if match.has_metrics:
                self._read_metric(match, row, spans)
            else:
                self._read_unit(match, row, spans)
        if len(problems) == before:
            check_totals(self.month, table, match, aside, self._count)

    def _check_titles(self, match: Match) -> None:
        table = self.table
        lines = [table.sheet or "", *table.titles]
        for cells in table.rows[: match.first_row]:
            texts = (cell.text[:MAX_TITLE].strip() for cell in cells if not cell.is_blank)
            lines.append(" ".join(texts))
        for line in lines:
            if not self.words.begins("note_row", line):
                self.month.problems += _month_problems(self.layout, line, table.file, table.sheet)

    def _set_columns_aside(self, match: Match) -> None:
        """Note the columns that are not read: remarks, and scores that nobody asked for."""
        for label in match.aside.values():
            self._note(f"不是指标的列，{ASIDE}", f"“{label}”")
        is_mixed = any(not column.is_printed for column in match.columns.values())
        if is_mixed and not self.with_scores:
            for number, column in tuple(match.columns.items()):
                if column.is_printed:
                    del match.columns[number]
                    self._note(
                        f"得分列{ASIDE}（确为正式印发的得分时，加 --with-scores 收取）",
                        f"“{match.labels[number]}”",
                    )

    def _set_rows_aside(self, match: Match) -> dict[int, RowKind]:
        """Rows after the header that are about no unit, with what they are."""
        table = self.table
        aside: dict[int, RowKind] = {}
        is_after_note = False
        for row in range(match.end_row, len(table.rows)):
            filled = [cell for cell in table.rows[row] if not cell.is_blank]
            if not filled:
                continue
            kind = self._row_kind(match, row, filled, is_after_note)
            is_after_note = kind == "note"
            if kind is not None:
                aside[row] = kind
                text = " ".join(" ".join(cell.text[:MAX_TITLE].split()) for cell in filled[:3])
                self._note(ROW_KINDS[kind], f"第{row + 1}行{shown(text[:MAX_NOTED])}")
        return aside

    def _row_kind(
        self, match: Match, row: int, filled: Sequence[ReceivedCell], is_after_note: bool
    ) -> RowKind | None:
        table = self.table
        name = table.cell(row, match.key_column)
        if self._is_known(match, name):
            return None
        first = filled[0].text
        if any(self.words.begins(kind, first) for kind in ("note_row", "signature_row")):
            return "note"
        if is_after_note and len(filled) == 1 and filled[0].kind == "text":
            return "note"
        if not match.has_metrics and any(map(self.words.is_total, (name.text, first))):
            return "total"
        if compact(name.text) in self.headings.keys:
            header = table.rows[match.first_row]
            texts = [[compact(cell.text) for cell in cells] for cells in (table.rows[row], header)]
            if texts[0] == texts[1]:
                return "header"
        if len(filled) == 1 and self._is_section(first):
            return "section"
        read = (column for column in range(table.width) if match.is_read(column))
        if all(table.cell(row, column).is_blank for column in read):
            return "empty"
        return None

    def _is_section(self, text: str) -> bool:
        """Whether a text that stands alone in its row is the name of a group."""
        names = (compact(row["group_name"]) for row in self.layout.reference.groups)
        return len(text) <= MAX_NOTED and any(name in compact(text) for name in names)

    def _is_known(self, match: Match, name: ReceivedCell) -> bool:
        if match.has_metrics:
            return compact(name.text) in self.metrics
        cities = [row[CITY_COLUMN] for row in self.layout.reference.cities]
        return any(self._unit(city, name) is not None for city in cities)

    def _unit(self, city: str, name: ReceivedCell) -> Row | None:
        """The unit of a city that a name stands for."""
        if name.kind != "text":
            return None
        names = [
            row["city_name"] for row in self.layout.reference.cities if row[CITY_COLUMN] == city
        ]
        found = (self.units.get((city, each)) for each in unit_names(name.text, names))
        return next((unit for unit in found if unit is not None), None)

    def _spans(self, match: Match) -> dict[tuple[int, int], int]:
        """For the cells of merged groups and cities, the row that holds what they say."""
        spans: dict[tuple[int, int], int] = {}
        for top, left, bottom, right in self.table.merges:
            is_label = left == right and left in (match.group_column, match.city_column)
            if is_label and (top, left) not in spans:
                for row in range(top, min(bottom + 1, len(self.table.rows))):
                    spans[row, left] = top
        return spans

    def _note(self, kind: str, detail: str = "") -> None:
        self.month.notes.add(self.table.place, kind, detail)

    def _report(
        self,
        row: int | None,
        label: str | None,
        seen: str,
        expected: str,
        unit: str | None = None,
        column: int | None = None,
    ) -> None:
        number = None if row is None else row + 1
        cell = None if row is None or column is None else cell_name(row, column)
        self.month.problems.append(
            Problem(
                self.table.file, number, label, seen, expected, unit, self.table.sheet, cell=cell
            )
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

    def _check_merges(self, match: Match, aside: Mapping[int, RowKind]) -> None:
        """Refuse a merged range that reaches into what is read; a group may span its units."""
        table = self.table
        data = _counts(
            row >= match.end_row
            and row not in aside
            and not all(cell.is_blank for cell in table.rows[row])
            for row in range(len(table.rows))
        )
        read = _counts(match.is_read(column) for column in range(table.width))
        for top, left, bottom, right in table.merges:
            if bottom < match.end_row:
                continue
            has_data = data[min(bottom + 1, len(data) - 1)] > data[min(top, len(data) - 1)]
            has_read = read[min(right + 1, len(read) - 1)] > read[min(left, len(read) - 1)]
            is_city = left == right == match.city_column
            if top < match.end_row or (has_data and has_read and not is_city):
                place = f"{cell_name(top, left)}:{cell_name(bottom, right)}"
                self._report(top, None, f"合并单元格 {place}", "数据区没有合并单元格")

    def _cities(self) -> str:
        cities = self.layout.reference.cities
        return "、".join(f"{row[CITY_COLUMN]} {row['city_name']}" for row in cities)

    def _city(self, match: Match, row: int, spans: Spans) -> str | None:
        """City of a row, or None with a problem. A row need not name the only one there is."""
        if match.city_column is None:
            return self.layout.only_city
        place = (row, match.city_column)
        cell = self.table.cell(spans.get(place, row), match.city_column)
        city = self.layout.only_city if cell.is_blank else self.cities.get(compact(cell.text))
        if city is None:
            label = self.table.cell(match.first_row, match.city_column).text.strip()
            self._report(row, label, _seen(cell), f"本月的城市：{self._cities()}")
        return city

    def _read_unit(self, match: Match, row: int, spans: Spans) -> None:
        table = self.table
        city = self._city(match, row, spans)
        if city is None:
            return
        name = table.cell(row, match.key_column)
        label = table.cell(match.first_row, match.key_column).text.strip()
        unit = self._unit(city, name)
        if unit is None:
            expected = "本月名册（units、unit_aliases）中的单位名称"
            if not name.is_blank:
                expected += self._suggestion(city, name.text)
            expected = with_reason(name, expected)
            self._report(row, label, _seen(name), expected, column=match.key_column)
            return
        if (city, compact(name.text)) not in self.units:
            self._note("单位名称读作", f"{shown(name.text)}→“{unit['unit_name']}”")
        title = self.layout.titled(city, unit["unit_name"])
        if match.group_column is not None:
            place = (row, match.group_column)
            group = table.cell(spans.get(place, row), match.group_column)
            known = {compact(unit["group_name"]), compact(unit["group_code"])}
            # Where a file cannot say that cells are merged, only the first of them is filled.
            if not group.is_blank and compact(group.text) not in {
                *known,
                *(f"{each}组" for each in known),
            }:
                self._report(row, label, f"组别 {_seen(group)}", unit["group_name"], title)
        entries = {}
        for number, column in match.columns.items():
            cell = table.cell(row, number)
            entry = self._entry(cell, row, number, match.labels[number])
            written = self._canonical(cell, row, number, column.value_type)
            try:
                value = unit_value(written, column, unit, self.readings)
            except BadValueError as error:
                self.month.problems.append(entry.problem(_seen(cell), str(error), title))
                value = cell.text
            if group_of(unit) in column.limits:
                entries[column] = self._entry(cell, row, number, match.labels[number], value)
        self._add(match, (city, unit["unit_name"]), entries, row, label)

    def _read_metric(self, match: Match, row: int, spans: Spans) -> None:
        table = self.table
        city = self._city(match, row, spans)
        if city is None:
            return
        name = table.cell(row, match.key_column)
        label = table.cell(match.first_row, match.key_column).text.strip()
        metric = self.metrics.get(compact(name.text)) if name.kind == "text" else None
        if metric is None:
            found = nearest(compact(name.text), list(self.metrics))
            suggestion = f"，最接近的是“{self.metrics[found]['metric_name']}”" if found else ""
            expected = f"全市指标（city_metrics）的名称{suggestion}"
            expected = with_reason(name, expected)
            self._report(row, label, _seen(name), expected, column=match.key_column)
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
            types = {"value": metric["value_type"], "rank": "rank"}
            written = self._canonical(cell, row, number, types.get(column.value_type, ""))
            try:
                value = "" if is_empty else metric_value(written, column, metric, self.readings)
            except BadValueError as error:
                self.month.problems.append(
                    entry.problem(_seen(cell), str(error), metric["metric_name"])
                )
                continue
            entries[column] = self._entry(cell, row, number, match.labels[number], value)
        if not is_empty:
            self._add(match, (city, metric["metric_code"]), entries, row, label)

    def _suggestion(self, city: str, name: str) -> str:
        """Which unit may be meant; it is only ever told, never taken."""
        units = {
            known: unit["unit_name"] for (place, known), unit in self.units.items() if place == city
        }
        cities = [compact(row["city_name"]) for row in self.layout.reference.cities]
        meant = meant_units(compact(name), units.items(), cities)
        if meant:
            return "，是否指" + "、".join(f"“{unit}”" for unit in meant)
        found = nearest(compact(name), list(units))
        return "" if found is None else f"，最接近的是“{units[found]}”"

    def _canonical(
        self, cell: ReceivedCell, row: int, column: int, value_type: str
    ) -> ReceivedCell:
        """A cell as it is kept, with a note where that is not what its file holds."""
        place = cell_name(row, column)
        if cell.is_formula:
            self._note("公式单元格，取文件所存的计算结果", place)
        if cell.is_rounded:
            self._note("所存的小数位多于所示，按所示的数读取", place)
        if cell.kind != "text" or not value_type:
            return cell
        reading = self.readings[cell.text]
        kinds = (value_type, "number") if value_type == "percent" else (value_type,)
        if reading.is_not_applicable or any(
            reading.numbers.get(kind) is not None for kind in kinds
        ):
            return cell
        text = self.words.canonical(cell.text, value_type)
        if text is None:
            return cell
        self._note("写法已换成规范写法", f"{place}{shown(cell.text)}→“{text}”")
        return ReceivedCell(text, "text")

    def _count(self, row: int, column: int) -> Decimal | None:
        """The count in a cell, if there is one."""
        cell = self.table.cell(row, column)
        if cell.kind not in ("text", "number"):
            return None
        written = self.words.canonical(cell.text, "count") or ""
        return Decimal(written) if written.isdecimal() else None

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
            first = cells.get(column.name)
            is_part = first is not None and first.table is not self.table
            if first is not None and is_part and entry.value in ("", first.value):
                continue  # two parts that agree
            if first is not None and is_part and first.value:
                expected = f"与 {shown(first.value)} 一致（{first.place}）"
                self.month.problems.append(entry.problem(shown(entry.seen), expected, key[1]))
            elif first is not None and not is_part:
                expected = f"只出现一次，已见于 {self.table.place} 第{first.row + 1}行"
                self._report(row, label, shown(key[1]), expected, key[1])
                return
            else:
                cells[column.name] = entry


def _seen(cell: ReceivedCell) -> str:
    return "空白" if cell.is_blank else shown(cell.text)


def _counts(flags: Iterable[bool]) -> list[int]:
    """How many flags stand before each place, and at the end how many there are."""
    return list(accumulate(flags, initial=0))
