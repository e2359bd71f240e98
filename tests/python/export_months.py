"""The month that the exports are tested on, and variants of it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from conftest import Sandbox
from ywtb.exports.release_month import ReleaseMonth, read_month
from ywtb.project import Project
from ywtb.release.queries import open_release

CITY = "511700"

MARKUP = (
    "市<svg/onload=alert(1)>局",
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    '" onmouseover="alert(1)" x="',
    "' style='background:url(//outside.example)",
    "}</style><style>*{display:none}",
    "</script><script>alert(1)//",
    "<!--",
    "--><iframe src=//outside.example>",
    "&lt;b&gt;&#60;&amp;",
    "{{7*7}}{% raise %}",
    "${alert(1)}$value$$PARAMETER",
    "市\u202e局",
    "市\u200b\u200d\ufeff局",
    "市\x07\x1b局",
    "</title></textarea></xmp>",
    ']]><a xlink:href="javascript:alert(1)">',
    "<meta http-equiv=refresh content=0;url=//outside.example>",
)
"""Names that a browser or a template might take for more than a name."""

HOSTILE = (
    '=HYPERLINK("http://x","y")',
    "+1",
    "@SUM(A1)",
    "-2+3",
    "<b>&amp;</b>",
    "甲\n乙\x01\t丙",
    "'=1",
    "  =1",
    "＝1",
    *MARKUP,
)
"""Names that something might take for more than a name."""


REVISION = {
    "release_id": "20230801T093000123456Z",
    "revised_at": datetime(2023, 8, 1, 9, 30, 0, 123456),
    "reason": "=1+1",
    "score_month": date(2023, 6, 1),
    "city_code": CITY,
    "printed_in": "附件3",
    "unit_name": "渠县",
    "column_name": "综合得分",
    "old_value": "90.36",
    "new_value": None,
    "old_rank": 5,
    "new_rank": 4,
    "causes": "数值（线上线下不一致 3 → 1）+0.1",
}
"""A correction after publication, as `audit.revisions` keeps it."""


def read_june(june: Sandbox) -> ReleaseMonth:
    with open_release(Project(june.root)) as connection:
        return read_month(connection, "2023-06", CITY)


def hostile(month: ReleaseMonth) -> ReleaseMonth:
    """The month with `HOSTILE` as the names of its first units, wherever they are named."""
    units = sorted(month.tables["marts.dim_units"], key=lambda row: row["unit_id"])
    names = dict(zip((unit["unit_name"] for unit in units), HOSTILE, strict=False))
    return _mapped(
        month, lambda value: names.get(value, value) if isinstance(value, str) else value
    )


def _mapped(month: ReleaseMonth, change: Callable[[Any], Any]) -> ReleaseMonth:
    tables = {
        name: [{column: change(value) for column, value in row.items()} for row in rows]
        for name, rows in month.tables.items()
    }
    annexes = tuple(
        replace(
            annex,
            values=tuple(tuple(map(change, row)) for row in annex.values),
            texts=tuple(tuple(map(change, row)) for row in annex.texts),
        )
        for annex in month.annexes
    )
    return replace(month, tables=tables, annexes=annexes)


def without(month: ReleaseMonth, *tables: str) -> ReleaseMonth:
    """The month with nothing in some tables."""
    return replace(month, tables={**month.tables, **{name: [] for name in tables}})
