"""The sheets of a workbook of any format, as far as all of them are the same."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from ywtb.assessment.problem import Problem
from ywtb.intake.office_archive import refused
from ywtb.intake.tables import (
    BLANK,
    MAX_COLUMNS,
    MAX_ROWS,
    ReceivedCell,
    Table,
    UnreadableError,
    cell_name,
)

Range = tuple[int, int, int, int]


@dataclass(frozen=True)
class Sheet:
    """A sheet as read; `merges` are ranges (top, left, bottom, right), counted from 0."""

    name: str
    is_hidden: bool
    rows: list[list[ReceivedCell]]
    merges: tuple[Range, ...] = ()


def tables_of(
    file: str, sheets: Iterable[Sheet], skipped: str, notes: Sequence[str] = ()
) -> list[Table]:
    """The sheets that hold anything, except the one named `skipped`.

    Raises:
        UnreadableError: a hidden sheet holds something, or none does.
    """
    tables: list[Table] = []
    for sheet in sheets:
        if sheet.name == skipped or all(cell.is_blank for row in sheet.rows for cell in row):
            continue
        if sheet.is_hidden:
            expected = "没有隐藏的工作表"
            problem = Problem(file, None, None, "隐藏的工作表", expected, sheet=sheet.name)
            raise UnreadableError(problem)
        place_notes = tuple(notes) if not tables else ()
        tables.append(Table(file, sheet.name, sheet.rows, sheet.merges, notes=place_notes))
    if not tables:
        raise refused(file, "没有内容", "本月的数据")
    return tables


def calamine_sheets(
    workbook: CalamineWorkbook, cell: Callable[[str, object, tuple[int, int]], ReceivedCell]
) -> Iterable[Sheet]:
    """The worksheets of a workbook.

    Args:
        workbook: what calamine has opened.
        cell: makes a cell of the name of its sheet, its value and its place.
    """
    for meta in workbook.sheets_metadata:
        if meta.typ != SheetTypeEnum.WorkSheet:
            continue
        sheet: CalamineSheet = workbook.get_sheet_by_name(meta.name)
        rows = [
            [cell(meta.name, value, (row, column)) for column, value in enumerate(values)]
            for row, values in enumerate(sheet.to_python(skip_empty_area=False))
        ]
        merges = tuple((*start, *end) for start, end in sheet.merged_cell_ranges or ())
        yield Sheet(meta.name, meta.visible != SheetVisibleEnum.Visible, rows, merges)


def check_place(file: str, sheet: str, row: int, column: int) -> None:
    """Refuse a cell that lies further out than any table of a month."""
    if row >= MAX_ROWS or column >= MAX_COLUMNS:
        seen = f"{cell_name(row, column)} 处有单元格"
        expected = f"不超过 {MAX_ROWS} 行、{MAX_COLUMNS} 列"
        raise UnreadableError(Problem(file, row + 1, None, seen, expected, sheet=sheet))


def trimmed(rows: list[list[ReceivedCell]]) -> list[list[ReceivedCell]]:
    """Rows without the blank ones at the end, each without the blank cells at its end."""
    for row in rows:
        while row and row[-1].is_blank:
            row.pop()
    while rows and not rows[-1]:
        rows.pop()
    return rows


def put(rows: list[list[ReceivedCell]], row: int, column: int, cell: ReceivedCell) -> None:
    """Put a cell into rows that grow as needed."""
    while len(rows) <= row:
        rows.append([])
    cells = rows[row]
    cells.extend([BLANK] * (column + 1 - len(cells)))
    cells[column] = cell
