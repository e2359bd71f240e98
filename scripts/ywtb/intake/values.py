"""What a cell says, as the text that goes into a seed.

What a figure is, is read by the models' own macros (`readings`). Here stands what only an intake
meets: kinds of spreadsheet cells, numbers shown in percent, and what could be meant in two ways.
"""

from collections.abc import Mapping
from decimal import Decimal

from ywtb.assessment.figures import plain_figure
from ywtb.assessment.reference import Row
from ywtb.intake.layout import FeedColumn, Limits, group_of
from ywtb.intake.readings import Reading
from ywtb.intake.tables import ReceivedCell
from ywtb.intake.words import NOT_APPLICABLE

CALCULATED = "=+-@＝＋－﹣＠"
"""What a text begins with that a spreadsheet takes for a formula."""

MAX_DECIMALS = 6

EXPECTED = {
    "percent": "百分率，如 99.58%，不适用的填“—”",
    "count": "整数，如 12，至多七位，不适用的填“—”",
    "points": "分数，如 0.6，小数不超过六位，不适用的填“—”",
    "number": "数，如 24.9，小数不超过六位",
    "text": "文字",
    "rank": "正整数，或“倒数”加正整数",
}
AMBIGUOUS = "写明百分号：{0}% 或 {1}%（0 与 1 之间的数看不出是比例还是百分率）"
REASONS = {
    "formula": "填写数值本身，不用公式（文件中没有存下公式的计算结果）",
    "error": "Excel 中为错误值、控制字符，或无法表示的数",
    "disguised": "该单元格的格式使所见不同于所存（缩放、附加文字、上下标、删除线等）",
    "date": "该单元格是日期",
    "boolean": "该单元格是逻辑值",
}
"""Why a cell of a kind is neither text nor number."""

PERCENT_LIMITS = (Decimal(0), Decimal(100))

Readings = Mapping[str, Reading]
"""What the texts of the month's cells are read as."""


class BadValueError(Exception):
    """A cell that cannot be used; the message says in Chinese what was expected."""


def with_reason(cell: ReceivedCell, expected: str) -> str:
    """What is expected, and why a cell that may look like it is not."""
    reason = REASONS.get(cell.kind)
    return f"{expected}；{reason}" if reason else expected


def unit_value(cell: ReceivedCell, column: FeedColumn, unit: Row, readings: Readings) -> str:
    """The seed text of a unit's cell: blank where the group does not report the column.

    Raises:
        BadValueError: not written as its type asks, or out of range.
    """
    limits = column.limits.get(group_of(unit))
    if limits is None:
        if not is_unused(cell, readings):
            raise BadValueError("空白：该组不考核该指标")
        return ""
    if column.value_type == "text":
        text = plain_text(cell, readings)
    else:
        text = figure(cell, column.value_type, readings, limits)
    if text == NOT_APPLICABLE and column.is_printed:
        raise BadValueError("所印得分，如 22.60")
    return text


def metric_value(cell: ReceivedCell, column: FeedColumn, metric: Row, readings: Readings) -> str:
    """The seed text of a cell of a city-level figure.

    Raises:
        BadValueError: not written as its type asks, missing, or a percentage out of range.
    """
    is_rank = metric["value_type"] == "rank"
    if column.value_type == "detail":
        return plain_text(cell, readings)
    if column.value_type == "rank":
        text = rank(cell, readings)
        if not text and is_rank:
            raise BadValueError("填写名次：正整数，或“倒数”加正整数")
        return text
    if is_rank:
        if not is_unused(cell, readings):
            raise BadValueError(with_reason(cell, "“—”：该指标只有名次"))
        return NOT_APPLICABLE
    text = _metric_figure(cell, metric["value_type"], readings)
    if text == NOT_APPLICABLE:
        raise BadValueError(EXPECTED[metric["value_type"]].partition("，不适用")[0])
    if not text:
        raise BadValueError("填写数值；本月没有该指标的整行留空")
    return text


def _metric_figure(cell: ReceivedCell, value_type: str, readings: Readings) -> str:
    if value_type == "text":
        return cell.text if cell.kind == "date" else plain_text(cell, readings)
    limits = PERCENT_LIMITS if value_type == "percent" else (Decimal(0), None)
    return figure(cell, value_type, readings, limits)


def is_unused(cell: ReceivedCell, readings: Readings) -> bool:
    """Whether a cell is blank or says that it is not applicable."""
    return cell.is_blank or (cell.kind == "text" and readings[cell.text].is_not_applicable)


def rank(cell: ReceivedCell, readings: Readings) -> str:
    """The seed text of a rank.

    Raises:
        BadValueError: neither a whole number nor one counted from the bottom.
    """
    if is_unused(cell, readings):
        return ""
    if cell.kind not in ("text", "number") or readings[cell.text].numbers["rank"] is None:
        raise BadValueError(with_reason(cell, EXPECTED["rank"]))
    return readings[cell.text].text


def plain_text(cell: ReceivedCell, readings: Readings) -> str:
    """Text on one line, as written; a lone dash is not applicable.

    Raises:
        BadValueError: a formula, an error, or anything that a spreadsheet would calculate.
    """
    if is_unused(cell, readings):
        return "" if cell.is_blank else NOT_APPLICABLE
    text = " ".join(cell.text.split())
    if cell.kind == "number":
        text = _padded(text, cell.decimals)
    if cell.kind not in ("text", "number"):
        raise BadValueError(with_reason(cell, EXPECTED["text"]))
    if text[0] in CALCULATED:
        raise BadValueError(f"{EXPECTED['text']}；不以 = + - @ 开头")
    if not text.isprintable():
        raise BadValueError("文字，不含不可见字符")
    return text


def figure(
    cell: ReceivedCell, value_type: str, readings: Readings, limits: Limits | None = None
) -> str:
    """The seed text of a figure of a type: percent, count, points or number.

    Raises:
        BadValueError: not written as its type asks, or out of range.
    """
    expected = EXPECTED[value_type]
    if is_unused(cell, readings):
        return "" if cell.is_blank else NOT_APPLICABLE
    if cell.kind not in ("text", "number", "percent"):
        raise BadValueError(with_reason(cell, expected))
    is_percent = value_type == "percent"
    if cell.kind == "percent" and not is_percent:
        raise BadValueError(expected + "；该单元格设成了百分比格式")
    reading = readings[cell.text]
    text = reading.text.removeprefix("+")
    value = reading.numbers[value_type]
    if is_percent and value is None:
        # A bare number counts as a percentage unless it could be a proportion.
        value = reading.numbers["number"]
        if value is not None and 0 < value <= 1 and cell.kind != "percent":
            raise BadValueError(AMBIGUOUS.format(text, plain_figure(value * 100)))
        text = f"{text}%"
    if value is None:
        raise BadValueError(expected)
    if cell.kind != "text" and value_type != "count":
        text = _padded(text, cell.decimals)
    _check_range(value, *(limits or (None, None)))
    return text


def _padded(text: str, decimals: int) -> str:
    """A number with at least the decimals that its cell shows; never rounded."""
    number, sign = text.removesuffix("%"), "%" if text.endswith("%") else ""
    whole, _, fraction = number.partition(".")
    fraction = fraction.ljust(min(decimals, MAX_DECIMALS), "0")
    return f"{whole}.{fraction}{sign}" if fraction else text


def _check_range(value: Decimal, minimum: Decimal | None, maximum: Decimal | None) -> None:
    bounds = []
    if minimum is not None:
        bounds.append(f"不小于 {plain_figure(minimum)}")
    if maximum is not None:
        bounds.append(f"不大于 {plain_figure(maximum)}")
    if (minimum is not None and value < minimum) or (maximum is not None and value > maximum):
        raise BadValueError("，".join(bounds))
