"""A unit's score in live formulas: its cells, the rules in force, points, dimensions, total.

Nothing is computed here: formulas say what a rule's curve and the sums of a score are, and the
figures that a reader sees before anything is computed again are those of the release.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_rowcol_to_cell

from ywtb.exports.release_month import ReleaseMonth, grouped
from ywtb.exports.spreadsheet import new_workbook
from ywtb.release.queries import Row

NOT_APPLICABLE = "—"
"""As annexes print it."""

PLACES = 10
"""Decimals that points are rounded to, as the release rounds them."""

INDICATORS = ("项目", "指标", "报送值", "满分", "按规则计得", "得分", "失分", "规则", "来源")
SEGMENTS = ("指标", "自", "至", "底分（占满分）", "底分", "每单位（占满分）", "每单位计分")
DIMENSIONS = ("项目", "权重", "失分", "调整", "得分", "公布得分", "核对")
WIDTHS = (18, 30, 12, 12, 14, 14, 12, 44, 44)

COEFFICIENTS = (
    "lower_value", "upper_value", "base_share", "base_points", "slope_share", "slope_points",
)  # fmt: skip

HINT = (
    "黄色单元格可以改动，其余由公式算出。百分率以 0 至 100 的数填写；不适用的填“—”，按满分计。"
    "每项指标：各段的底分加（报送值在该段内的部分 × 每单位计分），不低于 0 分，不高于满分；"
    "满分为 0 的只从项目总分中扣分。项目得分为权重减失分加调整，不低于 0 分；综合得分取两位小数。"
)


def write_workbook(month: ReleaseMonth, unit: Row, path: Path) -> None:
    """Write a unit's workbook; the same month gives the same bytes.

    Args:
        month: whose score it is.
        unit: row of `marts.dim_units`.
        path: where it goes, with the suffix `.xlsx`; its folder is there.
    """
    name = f"{month.first_day.year}年{month.first_day.month}月得分复算表"
    with new_workbook(path, month, f"{unit['unit_name']}{name}") as workbook:
        _Sheet(workbook, month, unit).write(f"{name}{f'（{month.mark}）' if month.mark else ''}")


class _Sheet:
    """The sheet, from top to bottom: total and dimensions, indicators, segments of their rules.

    Rows are given out before anything is written, as formulas above look at cells below.
    """

    def __init__(self, workbook: xlsxwriter.Workbook, month: ReleaseMonth, unit: Row) -> None:
        self._month, self._unit = month, unit

        def of_unit(table: str) -> Sequence[Row]:
            rows = month.tables[table]
            return [row for row in rows if row["unit_id"] == unit["unit_id"]]

        dimensions, indicators = list(month.dimensions), list(month.indicators)
        self._dimensions = sorted(
            of_unit("marts.fct_dimension_scores"),
            key=lambda row: dimensions.index(row["dimension_code"]),
        )
        self._scores = sorted(
            of_unit("marts.fct_indicator_scores"),
            key=lambda row: indicators.index(row["indicator_code"]),
        )
        (self._total,) = of_unit("marts.fct_composite_scores")
        self._cells = {row["indicator_code"]: row for row in of_unit("marts.fct_observations")}
        self._segments = grouped(
            sorted(
                month.tables["intermediate.int_rules_monthly"],
                key=lambda row: (row["rule_id"], row["segment_no"]),
            ),
            "rule_id",
        )
        self._top_of_dimensions = 4
        self._top_of_indicators = self._top_of_dimensions + len(self._dimensions) + 4
        self._top_of_segments = self._top_of_indicators + len(self._scores) + 3
        self._sheet = workbook.add_worksheet("复算表")
        plain: Mapping[str, Any] = {"valign": "vcenter", "border": 1, "num_format": "General"}
        text = {**plain, "text_wrap": True, "num_format": "@", "quote_prefix": True}
        self._styles: dict[str, Format] = {
            name: workbook.add_format(properties)
            for name, properties in {
                "title": {"bold": True, "font_size": 16, "quote_prefix": True},
                "hint": {"text_wrap": True, "valign": "top", "quote_prefix": True},
                "heading": {**text, "bold": True, "bg_color": "#EDEDED", "align": "center"},
                "text": text,
                "number": plain,
                "changeable": {**plain, "bg_color": "#FFF2CC"},
                "total": {**plain, "bold": True, "num_format": "0.00"},
            }.items()
        }
        for column, width in enumerate(WIDTHS):
            self._sheet.set_column(column, column, width)
        self._sheet.set_landscape()
        self._sheet.set_paper(9)
        self._sheet.fit_to_pages(1, 0)

    def write(self, name: str) -> None:
        """Write everything."""
        sheet, last = self._sheet, len(WIDTHS) - 1
        sheet.merge_range(0, 0, 0, last, "", self._styles["title"])
        sheet.write_string(0, 0, f"{self._unit['unit_name']}　{name}", self._styles["title"])
        sheet.merge_range(1, 0, 1, last, "", self._styles["hint"])
        sheet.write_string(1, 0, HINT, self._styles["hint"])
        sheet.set_row(1, 48)
        rows = self._write_segments()
        self._write_indicators(rows)
        self._write_dimensions()

    def _write_segments(self) -> dict[str, range]:
        """Segments of every indicator's rule; returns their rows by indicator."""
        row = self._top_of_segments
        self._headings(row - 1, SEGMENTS)
        found = {}
        for score in self._scores:
            segments = self._segments[score["rule_id"]]
            found[score["indicator_code"]] = range(row, row + len(segments))
            for segment in segments:
                self._text(row, 0, score["indicator_name"])
                for column, name in enumerate(COEFFICIENTS, start=1):
                    self._number(row, column, segment[name], "changeable")
                row += 1
        return found

    def _write_indicators(self, segments: Mapping[str, range]) -> None:
        self._headings(self._top_of_indicators - 1, INDICATORS)
        for row, score in enumerate(self._scores, start=self._top_of_indicators):
            code = score["indicator_code"]
            self._text(row, 0, score["dimension_name"])
            self._text(row, 1, score["indicator_name"])
            if score["obs_status"] == "M":
                self._sheet.write_string(row, 2, NOT_APPLICABLE, self._styles["changeable"])
            else:
                self._number(row, 2, score["obs_value"], "changeable")
            self._number(row, 3, score["max_points"], "changeable")
            value, most, curve, points = (_cell(row, column) for column in (2, 3, 4, 5))
            shown = "" if score["obs_value"] is None else score["points"]
            self._formula(
                row,
                4,
                f'=IF({value}="{NOT_APPLICABLE}","",'
                + "+".join(_segment(value, most, each) for each in segments[code])
                + ")",
                shown,
            )
            kept = f"MIN({curve},{most})"
            self._formula(
                row,
                5,
                f'=IF({value}="{NOT_APPLICABLE}",{most},IF({value}="",NA(),'
                f"ROUND(IF({most}=0,{kept},MAX({kept},0)),{PLACES})))",
                score["points"],
            )
            self._formula(row, 6, f"={most}-{points}", score["points_lost"])
            self._text(row, 7, self._rule(score))
            self._text(row, 8, self._month.origin(self._cells[code]))

    def _write_dimensions(self) -> None:
        top, first, last = (
            self._top_of_dimensions,
            self._top_of_indicators,
            self._top_of_indicators + len(self._scores) - 1,
        )
        names = _area(first, 0, last, 0)
        lost = _area(first, 6, last, 6)
        self._headings(top - 1, DIMENSIONS)
        for row, dimension in enumerate(self._dimensions, start=top):
            self._text(row, 0, dimension["dimension_name"])
            self._number(row, 1, dimension["weight"], "changeable")
            gap = dimension["weight"] + dimension["adjustment_points"] - dimension["score"]
            self._formula(row, 2, f"=SUMIF({names},{_cell(row, 0)},{lost})", gap)
            self._number(row, 3, dimension["adjustment_points"], "changeable")
            weight, gap_cell, adjusted = (_cell(row, column) for column in (1, 2, 3))
            self._formula(
                row,
                4,
                f"=ROUND(MAX(0,{weight}-{gap_cell}+{adjusted}),{PLACES})",
                dimension["score"],
            )
            self._number(row, 5, dimension["score"], "number")
            self._check(row, 4, 5)
        row = top + len(self._dimensions)
        scores = _area(top, 4, row - 1, 4)
        self._text(row, 0, "综合得分")
        for column in (1, 2, 3):
            self._text(row, column, "")
        self._formula(
            row,
            4,
            f"=ROUND(ROUND(SUM({scores}),{PLACES}),2)",
            self._total["composite_score"],
            "total",
        )
        self._number(row, 5, self._total["composite_score"], "total")
        self._check(row, 4, 5)

    def _check(self, row: int, computed: int, published: int) -> None:
        one, other = _cell(row, computed), _cell(row, published)
        self._formula(row, 6, f'=IF(ROUND({one}-{other},{PLACES - 1})=0,"相符","不符")', "相符")

    def _rule(self, score: Row) -> str:
        segments = self._segments[score["rule_id"]]
        return "；".join(segment["rule_text"] for segment in segments)

    def _headings(self, row: int, names: Sequence[str]) -> None:
        for column, name in enumerate(names):
            self._sheet.write_string(row, column, name, self._styles["heading"])

    def _text(self, row: int, column: int, text: str) -> None:
        self._sheet.write_string(row, column, text, self._styles["text"])

    def _number(self, row: int, column: int, value: Decimal | None, style: str) -> None:
        if value is None:
            self._sheet.write_blank(row, column, None, self._styles[style])
        else:
            self._sheet.write_number(row, column, value, self._styles[style])

    def _formula(
        self, row: int, column: int, formula: str, shown: Decimal | str, style: str = "number"
    ) -> None:
        """A formula with what it gives in the release."""
        self._sheet.write_formula(row, column, formula, self._styles[style], shown)


def _segment(value: str, most: str, row: int) -> str:
    """What a segment adds: base, and slope times the part of the value that lies in it."""
    lower, upper, base_share, base, slope_share, slope = (
        _cell(row, column) for column in range(1, 7)
    )
    within = f'MAX({lower},IF({upper}="",{value},MIN({value},{upper})))-{lower}'
    return f"{most}*{base_share}+{base}+({most}*{slope_share}+{slope})*({within})"


def _cell(row: int, column: int) -> str:
    return str(xl_rowcol_to_cell(row, column, col_abs=True))


def _area(top: int, left: int, bottom: int, right: int) -> str:
    first = xl_rowcol_to_cell(top, left, row_abs=True, col_abs=True)
    return f"{first}:{xl_rowcol_to_cell(bottom, right, row_abs=True, col_abs=True)}"
