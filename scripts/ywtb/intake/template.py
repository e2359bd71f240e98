"""The month's empty workbook, or the same as CSV files, with units, headings and limits."""

import io
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ywtb.assessment.figures import plain_figure
from ywtb.assessment.reference import Reference, Row, month_of
from ywtb.intake.ingest import csv_bytes
from ywtb.intake.layout import (
    CITY_COLUMN,
    CITY_HEADINGS,
    Feed,
    FeedColumn,
    Group,
    Layout,
    Limits,
    group_of,
    layout_of,
)
from ywtb.intake.sources import GUIDE
from ywtb.intake.values import EXPECTED, PERCENT_LIMITS
from ywtb.intake.words import NOT_APPLICABLE
from ywtb.project import Project

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

FORMATS = ("xlsx", "csv")

TITLE_ROW, HEADING_ROW, NAME_ROW, FIRST_ROW = 0, 1, 2, 3
KEY_WIDTH = 26
COLUMN_WIDTH = 15
HEADING_HEIGHT = 48

NUMBER_FORMATS = {"percent": "0.00%", "count": "0"}
TYPE_NAMES = {
    "percent": "百分率",
    "count": "整数",
    "points": "分数",
    "number": "数",
    "text": "文字",
    "rank": "名次",
    "value": "按指标",
    "detail": "文字",
}
RULES = (
    "灰色的格不考核，留空。",
    "不适用的填“—”；空白视为漏填。",
    "百分率填 99.58%（本表中直接键入 99.58 即可）；CSV 中请写百分号。",
    "不要改动表头和隐藏行，不要使用公式，不要合并单元格。",
    "本月没有的全市指标整行留空；得分尚未印发的，其表整表留空。",
)

A4 = 9
"""Code of the paper size in workbooks."""


def write_template(project: Project, month: str, folder: Path, file_format: str) -> list[Path]:
    """Write the files of `month`, such as 2023-07, into `folder`; return their paths.

    The same seeds give the same bytes.

    Raises:
        FileExistsError: a file of that name is there with other content, perhaps filled in.
    """
    layout = layout_of(Reference.from_seeds(project, month_of(month)))
    if file_format == "xlsx":
        files = {f"填报表_{month}.xlsx": _workbook(layout, month)}
    else:
        files = {feed.seed_name(layout.month): _csv(layout, feed) for feed in layout.feeds}
        files[f"{GUIDE}.txt"] = "".join(
            f"{line}\n" for line in (*RULES, "", *map("\t".join, _guide(layout)))
        ).encode("utf-8-sig")
    for name, content in files.items():
        path = folder / name
        if path.exists() and not (path.is_file() and path.read_bytes() == content):
            raise FileExistsError(path)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in files]


def _csv(layout: Layout, feed: Feed) -> bytes:
    """With a mark, so that Excel shows Chinese."""
    rows = [[label for label, _ in _headings(layout, feed)]]
    rows += [[*_keys(layout, feed, row), *("" for _ in feed.columns)] for row in feed.rows]
    return b"\xef\xbb\xbf" + csv_bytes(rows)


def _headings(layout: Layout, feed: Feed) -> list[tuple[str, str]]:
    """Heading and name of every column; where there are two cities, the first names them."""
    city = [(CITY_HEADINGS[1], CITY_COLUMN)] if layout.only_city is None else []
    columns = [(column.label, column.name) for column in feed.columns]
    return [*city, (feed.key_label, feed.key), *columns]


def _keys(layout: Layout, feed: Feed, row: Row) -> list[str]:
    """What the first columns say of a row."""
    key = [row["metric_name" if feed.has_metrics else "unit_name"]]
    cities = {city[CITY_COLUMN]: city["city_name"] for city in layout.reference.cities}
    return key if layout.only_city else [cities[row[CITY_COLUMN]], *key]


def _guide(layout: Layout) -> list[list[str]]:
    """One line per column, then one per city-level figure."""
    groups = {
        group_of(unit): layout.titled(unit[CITY_COLUMN], unit["group_name"])
        for unit in layout.reference.units
    }
    rows = [["表", "列", "类型", "考核对象", "范围", "说明", "列名"]]
    for feed in layout.feeds:
        for column in feed.columns:
            reporting = [name for group, name in groups.items() if group in column.limits]
            rows.append(
                [
                    feed.label,
                    column.label,
                    TYPE_NAMES[column.value_type],
                    "、".join(reporting),
                    _range_text(column, groups),
                    column.description,
                    column.name,
                ]
            )
    rows += [
        [
            feed.label,
            metric["metric_name"],
            TYPE_NAMES[metric["value_type"]],
            "",
            metric["value_unit"] or "",
            EXPECTED[metric["value_type"]].partition("，不适用")[0],
            metric["metric_code"],
        ]
        for feed in layout.feeds
        if feed.has_metrics
        for metric in layout.reference.city_metrics
    ]
    return rows


def _range_text(column: FeedColumn, groups: dict[Group, str]) -> str:
    ranges: dict[str, list[Group]] = {}
    for group, (minimum, maximum) in column.limits.items():
        ends = ["" if each is None else plain_figure(each) for each in (minimum, maximum)]
        if any(ends):
            ranges.setdefault("至".join(ends) if ends[1] else f"不小于{ends[0]}", []).append(group)
    if len(ranges) == 1:
        return next(iter(ranges))
    return "；".join(
        f"{'、'.join(groups[group] for group in members)} {text}"
        for text, members in ranges.items()
    )


def _workbook(layout: Layout, month: str) -> bytes:
    import xlsxwriter

    content = io.BytesIO()
    workbook = xlsxwriter.Workbook(
        content,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    year, number = map(int, month.split("-"))
    workbook.set_properties({"created": datetime(year, number, 1)})
    text = {"border": 1, "valign": "vcenter", "quote_prefix": True}
    formats = {
        "title": workbook.add_format({"bold": True, "font_size": 14}),
        "heading": workbook.add_format(
            {"bold": True, "border": 1, "text_wrap": True, "align": "center", "valign": "vcenter"}
        ),
        "key": workbook.add_format({**text, "bg_color": "#F2F2F2"}),
        "unused": workbook.add_format({"border": 1, "bg_color": "#BFBFBF"}),
        "wrapped": workbook.add_format({**text, "text_wrap": True}),
        **{
            kind: workbook.add_format({"border": 1, "num_format": NUMBER_FORMATS.get(kind, shown)})
            for kind, shown in dict.fromkeys(TYPE_NAMES, "General").items()
            if kind not in ("text", "detail", "rank")
        },
        **{
            kind: workbook.add_format({"border": 1, "num_format": "@"})
            for kind in ("text", "detail", "rank")
        },
    }
    _guide_sheet(workbook.add_worksheet(GUIDE), layout, month, formats)
    for feed in layout.feeds:
        _feed_sheet(workbook.add_worksheet(feed.label), layout, feed, month, formats)
    for sheet in workbook.worksheets():
        sheet.set_paper(A4)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
    workbook.close()
    return content.getvalue()


def _guide_sheet(
    sheet: "Worksheet", layout: Layout, month: str, formats: dict[str, "Format"]
) -> None:
    sheet.write_string(0, 0, f"{_month_name(month)}填表说明", formats["title"])
    row = 1
    for rule in RULES:
        sheet.write_string(row, 0, rule)
        row += 1
    for number, line in enumerate(_guide(layout)):
        style = formats["heading" if number == 0 else "wrapped"]
        for column, text in enumerate(line):
            sheet.write_string(row, column, text, style)
        row += 1
    for column, width in enumerate((16, 26, 8, 22, 24, 60, 32)):
        sheet.set_column(column, column, width)


def _feed_sheet(
    sheet: "Worksheet", layout: Layout, feed: Feed, month: str, formats: dict[str, "Format"]
) -> None:
    sheet.write_string(TITLE_ROW, 0, f"{_month_name(month)}{feed.label}", formats["title"])
    sheet.set_row(HEADING_ROW, HEADING_HEIGHT)
    sheet.set_row(NAME_ROW, None, None, {"hidden": True})
    headings = _headings(layout, feed)
    first = len(headings) - len(feed.columns)
    sheet.set_column(0, first - 1, KEY_WIDTH)
    sheet.set_column(first, len(headings) - 1, COLUMN_WIDTH)
    for number, (label, name) in enumerate(headings):
        sheet.write_string(HEADING_ROW, number, label, formats["heading"])
        sheet.write_string(NAME_ROW, number, name)
    for row, about in enumerate(feed.rows, start=FIRST_ROW):
        for number, key in enumerate(_keys(layout, feed, about)):
            sheet.write_string(row, number, key, formats["key"])
        for number, column in enumerate(feed.columns, start=first):
            value_type = column.value_type
            if feed.has_metrics:
                value_type = about["value_type"] if value_type == "value" else value_type
                limits: Limits = PERCENT_LIMITS if value_type == "percent" else (Decimal(0), None)
            elif group_of(about) in column.limits:
                limits = column.limits[group_of(about)]
            else:
                sheet.write_blank(row, number, None, formats["unused"])
                sheet.data_validation(row, number, row, number, _only_not_applicable())
                continue
            if column.value_type == "value" and value_type == "rank":
                sheet.write_string(row, number, NOT_APPLICABLE, formats["key"])
                sheet.data_validation(row, number, row, number, _only_not_applicable())
                continue
            sheet.write_blank(row, number, None, formats[value_type])
            rule = _validation(row, number, value_type, limits)
            if rule is not None:
                sheet.data_validation(row, number, row, number, rule)
    sheet.freeze_panes(FIRST_ROW, first)
    sheet.repeat_rows(0, FIRST_ROW - 1)


def _only_not_applicable() -> dict[str, Any]:
    return {
        "validate": "list",
        "source": [NOT_APPLICABLE],
        "error_title": "不考核",
        "error_message": "该格不考核：留空或选“—”。",
    }


def _validation(row: int, column: int, value_type: str, limits: Limits) -> dict[str, Any] | None:
    """A number within its limits, or the mark of what is not applicable."""
    if value_type not in ("percent", "count", "points", "number"):
        return None
    from xlsxwriter.utility import xl_rowcol_to_cell

    cell = xl_rowcol_to_cell(row, column)
    scale = 100 if value_type == "percent" else 1
    tests = [f"ISNUMBER({cell})"]
    for limit, sign in zip(limits, (">=", "<="), strict=True):
        if limit is not None:
            tests.append(f"{cell}{sign}{plain_figure(limit / scale)}")
    if value_type == "count":
        tests.append(f"{cell}=INT({cell})")
    low, high = (None if limit is None else plain_figure(limit) for limit in limits)
    bounds = f"{low or ''} 至 {high}" if high else f"不小于 {low}"
    return {
        "validate": "custom",
        "value": f'=OR({cell}="{NOT_APPLICABLE}",AND({",".join(tests)}))',
        "error_title": TYPE_NAMES[value_type],
        "error_message": f"{EXPECTED[value_type]}；{bounds}。",
    }


def _month_name(month: str) -> str:
    year, number = month.split("-")
    return f"{year}年{int(number)}月"
