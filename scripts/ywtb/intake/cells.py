"""Cells of spreadsheets: what is seen of a value that a file holds in a number format."""

import datetime
import math
from dataclasses import replace
from decimal import Decimal

from ywtb.assessment.figures import plain_figure
from ywtb.intake.number_formats import seen_number
from ywtb.intake.tables import BLANK, Kind, ReceivedCell

EXACT_DIGITS = 15
"""Significant decimal digits that a double keeps, and all that a spreadsheet shows."""


def cell_of(value: object, code: str = "", is_formula: bool = False) -> ReceivedCell:
    """The cell of a value that a spreadsheet holds.

    Args:
        value: a text, number, truth, date or time.
        code: its number format.
        is_formula: whether the value is what the file keeps of a formula's result.
    """
    cell = _cell(value, code)
    return replace(cell, is_formula=True) if is_formula and not cell.is_blank else cell


def _cell(value: object, code: str) -> ReceivedCell:
    if isinstance(value, bool):
        return ReceivedCell("TRUE" if value else "FALSE", "boolean")
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        value = value.date()
    if isinstance(value, datetime.datetime | datetime.time | datetime.timedelta):
        return ReceivedCell(str(value), "disguised")
    if isinstance(value, datetime.date):
        return ReceivedCell(value.isoformat(), "date")
    if isinstance(value, int | float):
        return number_cell(value, code)
    return text_cell(str(value))


def text_cell(text: str) -> ReceivedCell:
    """The cell of a text."""
    if not text.strip():
        return BLANK
    is_broken = any(ord(each) < 32 and each not in "\t\r\n" for each in text)
    return ReceivedCell(text, "error" if is_broken else "text")


def typed_cell(text: str) -> ReceivedCell:
    """The cell of a text that may say anything, such as one that a program would calculate."""
    # A sign before a figure or a dash is none.
    is_formula = text.strip().startswith(("=", "@", "＝"))
    return ReceivedCell(text, "formula") if is_formula else text_cell(text)


def number_cell(value: float, code: str) -> ReceivedCell:
    """A number as it is seen, in percent where so shown, with as many digits as are shown."""
    if not math.isfinite(value):
        return ReceivedCell(str(value), "error")
    exact = Decimal(repr(value))
    is_dust = len(exact.normalize().as_tuple().digits) > EXACT_DIGITS
    if is_dust:
        # What a calculation leaves behind, such as 0.30000000000000004: no spreadsheet shows it.
        exact = Decimal(f"{value:.{EXACT_DIGITS}g}")
    seen = seen_number(exact, code)
    if seen is None:
        return ReceivedCell(plain_figure(exact), "disguised")
    kind: Kind = "percent" if seen.is_percent else "number"
    text = plain_figure(seen.value)
    return ReceivedCell(text, kind, seen.decimals, is_rounded=is_dust or seen.is_rounded)
