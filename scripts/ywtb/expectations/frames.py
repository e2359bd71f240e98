"""The tables that the suites look at, as pandas frames whose numbers are `Decimal` objects.

A frame holds one month. Besides the table's own columns a suite may name derived ones, which are
made when it does:

- `<column>_text`: the cell as received, cleaned of spaces and full-width forms (raw frames);
- `<column>_max`: the most that the unit's group can reach there (points, dimension score, total);
- `<column>_is_zero`, `<column>_is_full`: whether it is 0, or its highest valid value;
- `<column>_is_na`: whether the cell says that the figure does not apply (`—`).

Each is None where the cell is blank or cannot be read.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ywtb.assessment.figures import plain_figure
from ywtb.expectations.metadata import Metadata, Row

NOT_APPLICABLE = ("—", "-")
_STRAY = re.compile(r"[\s\u00a0\u200b\u3000\ufeff]")
_WIDE = str.maketrans("０１２３４５６７８９．％＋－", "0123456789.%+-")
NUMBERS = {
    "percent": re.compile(r"(-?[0-9]{1,7}(?:\.[0-9]{1,6})?)%"),
    "count": re.compile(r"(-?[0-9]{1,7})"),
    "points": re.compile(r"(-?[0-9]{1,7}(?:\.[0-9]{1,6})?)"),
    "number": re.compile(r"(-?[0-9]{1,7}(?:\.[0-9]{1,6})?)"),
}
ZERO = Decimal(0)
SCORE = "_score"


def clean_text(text: str | None) -> str | None:
    """The text without stray spaces and full-width forms, None if nothing is left."""
    return _STRAY.sub("", text or "").translate(_WIDE) or None


def parse_number(text: str | None, value_type: str) -> Decimal | None:
    """The number in a cleaned text, or None where it is not written as its type asks."""
    pattern = NUMBERS.get(value_type)
    found = pattern.fullmatch(text) if pattern and text else None
    return Decimal(found[1]) if found else None


@dataclass
class Frame:
    """One table of one month: rows of plain values, and what the suite's placeholders stand for.

    Attributes:
        name: the suite that looks at it.
        metadata: the rules of the month.
        rows: one mapping per row; every row has the same keys.
        values: what `${name}` stands for in the suite.
        lists: what `for_each` goes through, by name.
        source: the file that the rows come from, for messages; else None.
        titles: Chinese names of columns, for messages.
    """

    name: str
    metadata: Metadata
    rows: list[Row]
    values: Row = field(default_factory=dict)
    lists: dict[str, list[Row]] = field(default_factory=dict)
    source: str | None = None
    titles: dict[str, str] = field(default_factory=dict)
    columns: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Know the columns even where there is no row."""
        self.columns = self.columns or list(self.rows[0] if self.rows else [])

    def add(self, columns: Iterable[str]) -> None:
        """Make the derived columns among `columns`."""
        for name in columns:
            if name in self.columns:
                continue
            for suffix, derive in _DERIVED.items():
                column = name.removesuffix(suffix)
                if column != name and column in self.columns:
                    for row in self.rows:
                        row[name] = derive(self, row, column)
                    self.columns.append(name)
                    break

    def as_pandas(self) -> Any:
        """The frame as pandas sees it: every column of objects, so that decimals stay exact."""
        import pandas

        return pandas.DataFrame(
            {
                column: pandas.Series([row[column] for row in self.rows], dtype=object)
                for column in self.columns
            }
        )


def _max(frame: Frame, row: Row, column: str) -> Decimal | None:
    group, metadata = row.get("group_code"), frame.metadata
    if group is None:
        return None
    if column in ("composite_score", "exact_score", "exact_average", "average_score"):
        return metadata.total(group)
    if column.endswith(SCORE):
        return metadata.weights.get((group, column.removesuffix(SCORE)))
    return metadata.max_points.get((group, column))


def _is_zero(frame: Frame, row: Row, column: str) -> bool | None:
    return None if row[column] is None else row[column] == 0


def _is_full(frame: Frame, row: Row, column: str) -> bool | None:
    highest = {row["indicator_code"]: row["valid_max"] for row in frame.metadata.indicators}
    return None if row[column] is None else row[column] == highest[column]


def _is_na(frame: Frame, row: Row, column: str) -> bool | None:
    if f"{column}_text" not in row:
        return row[column] is None
    text = row[f"{column}_text"]
    return None if text is None else text in NOT_APPLICABLE


_DERIVED = {"_max": _max, "_is_zero": _is_zero, "_is_full": _is_full, "_is_na": _is_na}


def indicator_values(metadata: Metadata, row: Row, groups: list[str]) -> Row:
    """What `for_each: indicators` offers: the indicator's seed row and who reports it."""
    reporting = metadata.groups_reporting(row["indicator_code"])
    reporting = [code for code in reporting if code in groups]
    return {
        **{key: value for key, value in row.items() if key != "valid_from"},
        "column": row["indicator_code"],
        "title": row["indicator_name"],
        "reporting_groups": reporting,
        "is_reported_by_all": len(reporting) == len(groups),
        "range_text": range_text(row["valid_min"], row["valid_max"]),
    }


def range_text(lower: Decimal | None, upper: Decimal | None) -> str:
    """A range in Chinese, empty when it is open on both sides."""
    parts = []
    if lower is not None:
        parts.append(f"不小于 {plain_figure(lower)}")
    if upper is not None:
        parts.append(f"不大于 {plain_figure(upper)}")
    return "，".join(parts)


def column_titles(metadata: Metadata) -> dict[str, str]:
    """Chinese names of columns, for messages."""
    titles = {row["indicator_code"]: row["indicator_name"] for row in metadata.indicators}
    for row in metadata.dimensions:
        titles[f"{row['dimension_code']}{SCORE}"] = f"{row['dimension_name']}得分"
    return {
        **titles,
        "composite_score": "综合得分",
        "exact_score": "综合得分（未取整）",
        "unit_name": "单位",
    }


def score_columns(metadata: Metadata, groups: list[str]) -> list[Row]:
    """What `for_each: scores` offers: the score columns of some groups, total last."""
    offered = []
    for row in metadata.dimensions:
        scored = [code for code in groups if (code, row["dimension_code"]) in metadata.weights]
        if scored:
            offered.append(
                {
                    "column": f"{row['dimension_code']}{SCORE}",
                    "title": f"{row['dimension_name']}得分",
                    "dimension_code": row["dimension_code"],
                    "reporting_groups": scored,
                    "is_reported_by_all": len(scored) == len(groups),
                }
            )
    total = {"column": "composite_score", "title": "综合得分", "dimension_code": None}
    return [*offered, {**total, "reporting_groups": groups, "is_reported_by_all": True}]


def percent_range(metadata: Metadata) -> Row:
    """The range of a rate: what the indicators that are rates allow."""
    rates = [row for row in metadata.indicators if row["value_type"] == "percent"]
    lower = min((row["valid_min"] for row in rates if row["valid_min"] is not None), default=None)
    upper = max((row["valid_max"] for row in rates if row["valid_max"] is not None), default=None)
    return {
        "percent_min": lower,
        "percent_max": upper,
        "percent_range_text": range_text(lower, upper),
    }
