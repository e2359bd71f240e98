"""A month's workbook: a sheet per annex in the official layout, the ledger, and what was mended.

Nothing in it can become a formula or a link, whatever a unit is called: texts are only ever written
as texts, and keep being texts when somebody edits their cell.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format

from ywtb.assessment.figures import month_name, plain_figure
from ywtb.exports.corrections import NONE, Correction, Section, corrections
from ywtb.exports.rectifications import Fault, Ledger, rectifications
from ywtb.exports.release_month import Annex, ReleaseMonth
from ywtb.exports.spreadsheet import FONT, SIZE, new_workbook
from ywtb.exports.text_layout import column_widths, fold

CORRECTIONS_SHEET = "勘误与调整"
CORRECTIONS_WIDTHS = (60, 60, 470, 150, 130, 130)
"""Pixels of its columns; together a page."""
LEDGER_COLUMNS = (
    ("整改单位", 120), ("考核项目", 115), ("失分指标", 150), ("本月数值", 65), ("本月失分", 65),
    ("状态", 70), ("发现", 90), ("整改期限", 150), ("了结", 90), ("是否按期", 45),
    ("持续天数", 45), ("重复次数", 45), ("单位说明", 150),
)  # fmt: skip
"""Headings of the ledger, none of which marks a monthly file, and pixels of its columns."""

SONG, HEI, FANG_SONG, KAI = FONT, "黑体", "仿宋", "楷体"
"""Fonts that both Windows and WPS have."""
GB2312 = 134
"""Character set by which a machine without these fonts picks others."""
SMALL = 9
"""小五 for notes, in points; tables have 五号."""

A4 = 9
MARGINS = {"left": 0.59, "right": 0.59, "top": 0.59, "bottom": 0.67}
"""In inches: 15 mm, and 17 mm below."""
PAGE_WIDTH, PAGE_HEIGHT = 1000, 504
"""Pixels and points that fit between these margins on a landscape A4 page."""
WIDEST = 1200
"""Pixels that a table may take if its headings need them; it is printed smaller then."""
HEADING_LINES = 3
"""Lines of a heading for which a table is not made wider."""
SMALLEST_TYPE = 1.1
"""Times as much that a page takes in smaller type, where that saves one; at least as `WIDEST`."""
ROWS_ABOVE_NOTES = 3
"""Rows of a table that stay on a page with its notes."""
CHARACTER = 14
"""Pixels of a Chinese character in 五号."""
PADDING = 10
"""Pixels of a cell's width that its text does not get."""
LINE = 10 / 7
"""Height of a line of text, as a multiple of its size."""
LEADING = 4
"""Points that a row has beyond its lines."""
HIGHEST_ROW = 409
"""Points of the highest row that Excel has."""


def write_workbook(month: ReleaseMonth, path: Path) -> None:
    """Write the workbook; the same month gives the same bytes.

    Args:
        month: what it shows.
        path: where it goes, with the suffix `.xlsx`; its folder is there.
    """
    name = f"{month.first_day.year}年{month.first_day.month}月"
    title = f"{name}附件{month.annexes[0].number}—{month.annexes[-1].number}"
    with new_workbook(path, month, title) as workbook:
        styles = _Styles(workbook)
        around = f"{name}{_marked(month.mark)}"
        for annex in month.annexes:
            sheet = _Sheet(workbook, styles, f"附件{annex.number}", around, _widths(annex))
            _write_annex(sheet, annex, month.mark)
        if ledger := rectifications(month):
            widths = [width for _, width in LEDGER_COLUMNS]
            sheet = _Sheet(workbook, styles, ledger.title, around, widths)
            _write_ledger(sheet, f"{name}{ledger.title}{_marked(month.mark)}", ledger)
        sheet = _Sheet(workbook, styles, CORRECTIONS_SHEET, around, CORRECTIONS_WIDTHS)
        _write_corrections(
            sheet, f"{name}{CORRECTIONS_SHEET}{_marked(month.mark)}", corrections(month)
        )


class _Styles:
    """The cell formats of a workbook, each made once."""

    def __init__(self, workbook: xlsxwriter.Workbook) -> None:
        self._workbook = workbook
        self._made: dict[tuple[tuple[str, Any], ...], Format] = {}
        self.label = self._text(font_name=HEI, font_size=14, text_wrap=False)
        self.title = self._text(font_name=SONG, font_size=18, bold=True, align="center")
        self.period = self._text(font_name=KAI, font_size=12, align="center")
        self.heading = self._text(font_name=HEI, align="center", border=1)
        self.cell = self._text(align="center", border=1)
        self.note = self._text(font_size=SMALL)
        self.large_note = self._text()
        self.section = self._text(font_name=HEI, font_size=12)
        self.block = self._text(font_name=HEI, border=1, bg_color="#EDEDED")
        self.remark = self._text(border=1)

    def number(self, number_format: str) -> Format:
        """A bordered cell with a number."""
        return self._format(align="center", border=1, num_format=number_format)

    def _text(self, **properties: Any) -> Format:
        return self._format(
            **{"num_format": "@", "quote_prefix": True, "text_wrap": True, **properties}
        )

    def _format(self, **properties: Any) -> Format:
        wanted = {
            "font_name": FANG_SONG,
            "font_size": SIZE,
            "font_charset": GB2312,
            "valign": "vcenter",
            **properties,
        }
        key = tuple(sorted(wanted.items()))
        if key not in self._made:
            self._made[key] = self._workbook.add_format(wanted)
        return self._made[key]


class _Sheet:
    """A sheet, one landscape A4 page wide, that is filled from top to bottom."""

    def __init__(
        self,
        workbook: xlsxwriter.Workbook,
        styles: _Styles,
        name: str,
        month_name: str,
        widths: Sequence[float],
    ) -> None:
        self.styles = styles
        self.widths = widths
        self.heights: list[float] = []
        self.holding: set[int] = set()
        self.repeated = 0.0
        self.worksheet = workbook.add_worksheet(name)
        self.worksheet.set_paper(A4)
        self.worksheet.set_landscape()
        self.worksheet.set_margins(**MARGINS)
        self.worksheet.center_horizontally()
        self.worksheet.hide_gridlines(2)
        footer = f'&L&"{FANG_SONG}"&9 {month_name} {name}&C&"{SONG}"&10— &P —'
        self.worksheet.set_footer(footer, {"margin": 0.31})

    @property
    def row(self) -> int:
        """The row that is filled."""
        return len(self.heights)

    def line(
        self, text: str, style: Format, height: float | None = None, *, holds: bool = False
    ) -> None:
        """A text across the page, in a row of its own that is as high as the text needs."""
        needed = _height(text, sum(self.widths), style.font_size) + LEADING
        last = len(self.widths) - 1
        self.text((self.row, 0, self.row, last), text, style)
        self.end_row(height or needed, holds=holds)

    def table_row(
        self,
        values: Sequence[Decimal | str | None],
        texts: Sequence[str],
        formats: Sequence[str],
        style: Format,
        *,
        holds: bool = False,
    ) -> None:
        """A row of cells: numbers in their formats, of everything else the text in `style`."""
        for column, (value, text, number_format) in enumerate(
            zip(values, texts, formats, strict=True)
        ):
            if value is None or isinstance(value, str):
                self.text((self.row, column, self.row, column), text, style)
            else:
                shown = value / Decimal(100) if number_format.endswith("%") else value
                self.worksheet.write_number(
                    self.row, column, shown, self.styles.number(number_format)
                )
        heights = [_height(*cell, SIZE) for cell in zip(texts, self.widths, strict=True)]
        self.end_row(max(heights) + LEADING, holds=holds)

    def text(self, place: tuple[int, int, int, int], text: str, style: Format) -> None:
        """A text in a cell (top, left, bottom, right), merged where it is more than one."""
        top, left, bottom, right = place
        if (top, left) != (bottom, right):
            self.worksheet.merge_range(top, left, bottom, right, "", style)
        if text:
            self.worksheet.write_string(top, left, text, style)
        else:
            self.worksheet.write_blank(top, left, None, style)

    def end_row(self, height: float, *, holds: bool = False) -> None:
        """Go to the next row, which stays on the page of this one if that holds it."""
        self.worksheet.set_row(self.row, min(height, HIGHEST_ROW))
        if holds:
            self.holding.add(self.row)
        self.heights.append(height)

    def repeat(self, top: int, heights: Sequence[float]) -> None:
        """End rows of such heights, from `top` on, that each page begins with."""
        for height in heights:
            self.end_row(height)
        self.repeated = sum(heights)
        self.worksheet.repeat_rows(top, self.row - 1)

    def end(self) -> None:
        """Widen the columns and say where pages begin.

        A wider sheet is printed in smaller type: a little smaller if that takes fewer pages. Excel
        knows breaks only where it does not count pages itself.
        """
        width = sum(self.widths)
        page = PAGE_HEIGHT * max(1, width / PAGE_WIDTH)
        stretches = 1, max(SMALLEST_TYPE, WIDEST / width)
        breaks = {stretch: list(self._breaks(page * stretch)) for stretch in stretches}
        stretch = min(breaks, key=lambda each: len(breaks[each]))
        for column, width in enumerate(self.widths):
            self.worksheet.set_column_pixels(column, column, width * stretch)
        self.worksheet.fit_to_pages(1, 0)
        self.worksheet.set_h_pagebreaks(breaks[stretch])

    def _breaks(self, page: float) -> Iterator[int]:
        """Rows that pages begin with, so that what holds together parts only if it must."""
        first, room = 0, page
        while sum(self.heights[first:]) > room:
            end = first + 1
            while sum(self.heights[first : end + 1]) <= room:
                end += 1
            free = [row for row in range(first + 1, end + 1) if row - 1 not in self.holding]
            first, room = max(free, default=end), page - self.repeated
            yield first


def _marked(mark: str | None) -> str:
    return f"（{mark}）" if mark else ""


def _write_annex(sheet: _Sheet, annex: Annex, mark: str | None) -> None:
    styles = sheet.styles
    label = f"附件 {annex.number}{_marked(mark)}"
    sheet.text((0, 0, 0, min(2, len(annex.columns) - 1)), label, styles.label)
    sheet.end_row(22)
    sheet.line(annex.title, styles.title, 32)
    sheet.line(annex.period_line, styles.period, 20 if annex.period_line else 8)

    top = sheet.row
    for each in annex.headings:
        bottom, right = each.row + each.row_span - 1, each.column + each.column_span - 1
        place = (top + each.row, each.column, top + bottom, right)
        room = sum(sheet.widths[each.column : each.column + each.column_span])
        sheet.text(place, "\n".join(fold(each.text, _room(room, SIZE))), styles.heading)
    sheet.repeat(top, _heading_heights(annex, sheet.widths))

    names = [column.name for column in annex.columns]
    fixed = names.index("unit_name") + 1 if "unit_name" in names else 0
    sheet.worksheet.freeze_panes(sheet.row, fixed)

    formats = [column.number_format for column in annex.columns]
    free = len(annex.values) - ROWS_ABOVE_NOTES
    for number, (values, texts) in enumerate(zip(annex.values, annex.texts, strict=True)):
        sheet.table_row(values, texts, formats, styles.cell, holds=number >= free)
    style = styles.note if sum(sheet.widths) <= PAGE_WIDTH else styles.large_note
    for number, note in enumerate(annex.notes, start=1):
        label = "备注：\n" if number == 1 else ""
        sheet.line(f"{label}{number}. {note}", style, holds=True)
    sheet.end()


def _write_ledger(sheet: _Sheet, title: str, ledger: Ledger) -> None:
    """A line per fault, and what can be said of one."""
    sheet.line(title, sheet.styles.title, 32)
    headings = [heading for heading, _ in LEDGER_COLUMNS]
    sheet.table_row(headings, headings, ["General"] * len(headings), sheet.styles.heading)
    sheet.worksheet.repeat_rows(sheet.row - 1)
    sheet.repeated = sheet.heights[-1]
    sheet.worksheet.freeze_panes(sheet.row, 1)
    for fault in ledger.faults:
        _write_fault(sheet, fault)
    if not ledger.faults:
        sheet.line("本月无。", sheet.styles.remark)
    for status in ledger.statuses:
        sheet.line(f"{status['status_name']}：{status['description']}。", sheet.styles.note)
    sheet.end()


def _write_fault(sheet: _Sheet, fault: Fault) -> None:
    row, found = fault.row, month_name(fault.row["found_month"])
    if row["opened_month"] != row["found_month"]:
        found += f"，{month_name(row['opened_month'])}再次发现"
    values = (
        row["unit_name"],
        row["dimension_name"],
        row["indicator_name"],
        row["obs_value"],
        row["points_lost"],
        row["status_name"],
        found,
        fault.term,
        row["closed_month"] and month_name(row["closed_month"]),
        fault.in_time,
        Decimal(row["open_day_count"]),
        Decimal(row["repeat_count"]),
        row["notes"],
    )
    texts = [
        NONE if each is None else plain_figure(each) if isinstance(each, Decimal) else each
        for each in values
    ]
    formats = ["General"] * len(values)
    if fault.is_rate:
        formats[3] = "0.00%"
    sheet.table_row(values, texts, formats, sheet.styles.cell)


def _write_corrections(sheet: _Sheet, title: str, sections: Sequence[Section]) -> None:
    """The last sheet: a section per kind of correction, in it a block for each."""
    sheet.line(title, sheet.styles.title, 32)
    sheet.worksheet.freeze_panes(sheet.row, 0)
    for section in sections:
        sheet.line(section.title, sheet.styles.section, 28, holds=True)
        for correction in section.corrections:
            _write_correction(sheet, section, correction)
        if not section.corrections:
            sheet.line("本月无。", sheet.styles.remark)
    sheet.end()


def _write_correction(sheet: _Sheet, section: Section, correction: Correction) -> None:
    sheet.line(correction.title, sheet.styles.block, holds=True)
    for number, (label, text) in enumerate(correction.remarks, start=1):
        holds = bool(correction.details) or number < len(correction.remarks)
        sheet.line(f"{label}：{text}", sheet.styles.remark, holds=holds)
    formats = ["General"] * len(sheet.widths)
    if correction.details:
        headings = section.headings
        sheet.table_row(headings, headings, formats, sheet.styles.heading, holds=True)
    for detail in correction.details:
        texts = [str(each) for each in detail]
        sheet.table_row(detail, texts, formats, sheet.styles.cell)


def _widths(annex: Annex) -> list[float]:
    """Pixels of the columns, together a page unless the headings would take too many lines."""
    for available in (PAGE_WIDTH, WIDEST):
        widths = column_widths(annex, CHARACTER, PADDING, available)
        heights = [
            _height(column.label, width, SIZE)
            for column, width in zip(annex.columns, widths, strict=True)
        ]
        if max(heights) <= HEADING_LINES * round(SIZE * LINE):
            break
    return widths


def _heading_heights(annex: Annex, widths: Sequence[float]) -> list[float]:
    """Points of the heading rows."""
    heights = [LEADING + SIZE * LINE] * annex.heading_rows
    for heading in sorted(annex.headings, key=lambda each: each.row_span):
        room = sum(widths[heading.column : heading.column + heading.column_span])
        rows = slice(heading.row, heading.row + heading.row_span)
        missing = LEADING + _height(heading.text, room, SIZE) - sum(heights[rows])
        heights[rows.stop - 1] += max(0, missing)
    return heights


def _height(text: str, pixels: float, size: float) -> float:
    """Points of a text of a font size in a cell of so many pixels."""
    return len(fold(text, _room(pixels, size))) * round(size * LINE)


def _room(pixels: float, size: float) -> float:
    """Characters of a font size that a cell of so many pixels has room for."""
    return (pixels - PADDING) / CHARACTER * SIZE / size
