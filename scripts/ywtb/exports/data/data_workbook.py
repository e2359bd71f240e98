"""The tables of a month as one workbook for analysts: a sheet each, and what every column means."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_range_abs

from ywtb.exports.data.data_package import PackageTable, described, unit_of
from ywtb.exports.release_month import ReleaseMonth
from ywtb.exports.spreadsheet import new_workbook
from ywtb.exports.text_layout import width_in_ems

DICTIONARY = "字典"
DICTIONARY_COLUMNS = ("工作表", "列", "单位", "说明", "数据文件", "字段")

TEXT, DATE, TIME = "@", "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss"
WIDEST = 40
"""Characters up to which a column is as wide as what is in it."""


def write_data_workbook(month: ReleaseMonth, tables: Sequence[PackageTable], path: Path) -> None:
    """Write the workbook; the same month gives the same bytes.

    Each table has a filter over its columns, its name is defined for all of it, and the names of
    its columns, such as `综合得分.名次`, for what is below their headings.

    Args:
        month: whose rows are written.
        tables: what becomes a sheet; those without rows in the month become none.
        path: where it goes, with the suffix `.xlsx`; its folder is there.
    """
    tables = [table for table in tables if month.tables[table.source]]
    title = f"{month.first_day.year}年{month.first_day.month}月数据"
    with new_workbook(path, month, title) as workbook:
        formats = {
            each: workbook.add_format({"num_format": each, "quote_prefix": each == TEXT})
            for each in (TEXT, DATE, TIME)
        }
        heading = workbook.add_format({"bold": True, "bottom": 1, "quote_prefix": True})
        sheets = [(DICTIONARY, list(DICTIONARY_COLUMNS), list(_dictionary(tables)))]
        for table in tables:
            names = [described(column)[0] for column in table.columns]
            rows = [[row[each] for each in table.types] for row in month.tables[table.source]]
            sheets.append((table.title, names, rows))
        for title, names, rows in sheets:
            _write_sheet(workbook, title, names, rows, heading, formats)


def _dictionary(tables: Sequence[PackageTable]) -> list[list[str | None]]:
    return [
        [table.title, name, unit_of(column), meaning, table.name, column["column_name"]]
        for table in tables
        for column in table.columns
        for name, meaning in [described(column)]
    ]


def _write_sheet(
    workbook: xlsxwriter.Workbook,
    title: str,
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
    heading: Format,
    formats: Mapping[str, Format],
) -> None:
    sheet = workbook.add_worksheet(title)
    sheet.freeze_panes(1, 0)
    last = len(rows)
    sheet.autofilter(0, 0, last, len(names) - 1)
    _define(workbook, title, title, (0, 0, last, len(names) - 1))
    for place, name in enumerate(names):
        sheet.write_string(0, place, name, heading)
        _define(workbook, f"{title}.{name}", title, (1, place, last, place))
        cells = [name, *("" if row[place] is None else str(row[place]) for row in rows)]
        sheet.set_column(place, place, min(max(map(width_in_ems, cells)), WIDEST) * 2 + 2)
    for line, row in enumerate(rows, start=1):
        for place, value in enumerate(row):
            match value:
                case None:
                    pass
                case bool():
                    sheet.write_string(line, place, "是" if value else "否", formats[TEXT])
                case int() | Decimal():
                    sheet.write_number(line, place, value)
                case str():
                    sheet.write_string(line, place, value, formats[TEXT])
                case _:
                    kind = TIME if isinstance(value, datetime) else DATE
                    sheet.write_datetime(line, place, value, formats[kind])


def _define(
    workbook: xlsxwriter.Workbook, name: str, sheet: str, place: tuple[int, int, int, int]
) -> None:
    """Give cells a name, whose characters are those that names may have."""
    name = ".".join(re.sub(r"\W+", "_", each).strip("_") for each in name.split("."))
    workbook.define_name(name, f"='{sheet}'!{xl_range_abs(*place)}")
