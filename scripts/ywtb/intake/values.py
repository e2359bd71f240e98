"""What a cell says, as the text that goes into a seed. Figures stay exact decimals throughout."""

import re
from decimal import Decimal

from ywtb.intake.layout import PUBLISHED_FEED, Column, Metric
from ywtb.intake.tables import Cell, clean

NOT_APPLICABLE = "—"
DASHES = ("—", "-", "——")

COUNT = re.compile(r"-?(0|[1-9]\d{0,6})")
"""Seven digits are more than any unit has, and as many as scoring multiplies exactly."""
DECIMAL = re.compile(r"-?(0|[1-9]\d{0,6})(\.\d{1,6})?")
PERCENT = re.compile(r"(-?(?:0|[1-9]\d{0,6})(?:\.\d{1,6})?)\s*%")
RANK = re.compile(r"(倒数)?[1-9]\d{0,2}")

EXPECTED = {
    "percent": "百分率，如 99.58%，不适用的填“—”",
    "count": "整数，如 12，至多七位，不适用的填“—”",
    "points": "分数，如 0.6，小数不超过六位，不适用的填“—”",
    "number": "数，如 24.9，小数不超过六位",
    "text": "文字",
    "rank": "正整数，或“倒数”加正整数",
}
AMBIGUOUS = "写明百分号：{0}% 或 {1}%（0 与 1 之间的数看不出是比例还是百分率）"


class BadValueError(Exception):
    """A cell that cannot be used; the message says in Chinese what was expected."""


def unit_value(cell: Cell, column: Column, group_code: str) -> str:
    """The seed text of a unit's cell: blank where the group does not report the column.

    Raises:
        BadValueError: not written as its type asks, or out of range.
    """
    text = plain_text(cell) if column.value_type == "text" else figure(cell, column.value_type)
    if group_code not in column.limits:
        if text not in ("", NOT_APPLICABLE):
            raise BadValueError("空白：该组不考核该指标")
        return ""
    if text == NOT_APPLICABLE and column.feed == PUBLISHED_FEED:
        raise BadValueError("所印得分，如 22.60")
    if text not in ("", NOT_APPLICABLE) and column.value_type != "text":
        _check_range(text, *column.limits[group_code])
    return text


def metric_value(cell: Cell, metric: Metric) -> str:
    """The seed text of a city-level figure.

    Raises:
        BadValueError: not written as the metric's type asks, or a percentage out of range.
    """
    if metric.value_type == "text":
        text = cell.text if cell.kind == "date" else plain_text(cell)
        if text == NOT_APPLICABLE:
            raise BadValueError(EXPECTED["text"])
        return text
    if metric.value_type == "rank":
        if cell.kind not in ("blank", "text") or clean(cell.text) not in ("", *DASHES):
            raise BadValueError("“—”：该指标只有名次")
        return NOT_APPLICABLE
    text = figure(cell, metric.value_type)
    if text == NOT_APPLICABLE:
        raise BadValueError(EXPECTED[metric.value_type].partition("，不适用")[0])
    if text:
        _check_range(text, Decimal(0), Decimal(100) if metric.value_type == "percent" else None)
    return text


def rank(cell: Cell) -> str:
    """The seed text of a rank.

    Raises:
        BadValueError: neither a whole number nor one counted from the bottom.
    """
    text = "".join(clean(cell.text).split())
    if cell.kind == "blank" or (cell.kind == "text" and text in DASHES):
        return ""
    if cell.kind not in ("text", "number") or not RANK.fullmatch(text):
        raise BadValueError(EXPECTED["rank"])
    return text


def plain_text(cell: Cell) -> str:
    """Text on one line, as written; a lone dash is not applicable.

    Raises:
        BadValueError: a formula, an error, or anything that a spreadsheet would calculate.
    """
    text = " ".join(cell.text.split())
    if cell.kind == "blank" or text in DASHES:
        return NOT_APPLICABLE if text else ""
    if cell.kind not in ("text", "number") or text[0] in "=@+＝＠＋":
        raise BadValueError(_expected_kind(cell, EXPECTED["text"]))
    if not text.isprintable():
        raise BadValueError("文字，不含不可见字符")
    return text


def figure(cell: Cell, value_type: str) -> str:
    """The seed text of a figure of a type: percent, count, points or number.

    Raises:
        BadValueError: not written as its type asks.
    """
    expected = EXPECTED[value_type]
    text = clean(cell.text)
    if cell.kind == "blank" or (cell.kind == "text" and text in DASHES):
        return NOT_APPLICABLE if text else ""
    if cell.kind not in ("text", "number", "percent"):
        raise BadValueError(_expected_kind(cell, expected))
    if (cell.kind == "percent") > (value_type == "percent"):
        raise BadValueError(expected + "；该单元格设成了百分比格式")
    if re.match(r"\+\d", text):
        text = text[1:]
    if value_type == "percent":
        return _percentage(cell, text)
    if cell.kind == "number" and value_type != "count":
        text = _padded(text, cell.decimals)
    pattern = COUNT if value_type == "count" else DECIMAL
    if not pattern.fullmatch(text) or _is_negative_zero(text):
        raise BadValueError(expected)
    return text


def number(text: str) -> Decimal | None:
    """The figure in a seed text, or None where it holds none."""
    bare = text.removesuffix("%")
    return Decimal(bare) if DECIMAL.fullmatch(bare) else None


def _percentage(cell: Cell, text: str) -> str:
    """A percentage with its sign. A bare number counts as one unless it could be a proportion."""
    expected = EXPECTED["percent"]
    if cell.kind == "percent":
        text = f"{_padded(text, cell.decimals)}%"
    elif DECIMAL.fullmatch(text):
        value = Decimal(text)
        if 0 < value <= 1:
            raise BadValueError(AMBIGUOUS.format(text, f"{(value * 100).normalize():f}"))
        if cell.kind == "number":
            text = _padded(text, cell.decimals)
        text = f"{text}%"
    matched = PERCENT.fullmatch(text)
    if matched is None or _is_negative_zero(matched[1]):
        raise BadValueError(expected)
    return f"{matched[1]}%"


def _padded(text: str, decimals: int) -> str:
    """A number with at least the decimals that its cell shows, at most six; never rounded."""
    whole, _, fraction = text.partition(".")
    fraction = fraction.ljust(min(decimals, 6), "0")
    return f"{whole}.{fraction}" if fraction else whole


def _is_negative_zero(text: str) -> bool:
    return text.startswith("-") and Decimal(text) == 0


def _expected_kind(cell: Cell, expected: str) -> str:
    reasons = {
        "formula": "填写数值本身，不用公式",
        "error": "；Excel 中为错误值、控制字符，或超过 15 位有效数字的计算结果",
        "date": "；该单元格是日期",
        "boolean": "；该单元格是逻辑值",
    }
    reason = reasons.get(cell.kind, "；不以 = + @ 开头")
    return f"{expected}；{reason}" if cell.kind == "formula" else expected + reason


def _check_range(text: str, minimum: Decimal | None, maximum: Decimal | None) -> None:
    value = number(text)
    if value is None:
        return
    bounds = []
    if minimum is not None:
        bounds.append(f"不小于 {minimum:f}")
    if maximum is not None:
        bounds.append(f"不大于 {maximum:f}")
    if (minimum is not None and value < minimum) or (maximum is not None and value > maximum):
        raise BadValueError("，".join(bounds))
