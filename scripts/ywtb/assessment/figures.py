"""How exact figures, months and received texts are shown to people."""

import re
from datetime import date
from decimal import Decimal
from unicodedata import category

_UNFIT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
"""Control characters, halves of surrogate pairs, marks that reverse the direction of writing."""


def plain_figure(value: Decimal | int) -> str:
    """A figure without idle zeros, and never in exponent form: 2.000 is 2, 2.080 is 2.08."""
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def points(value: Decimal) -> str:
    """Exact points with two decimals or as many more as they need; minus is not a hyphen."""
    whole, _, decimals = plain_figure(abs(value)).partition(".")
    return f"{'−' if value < 0 else ''}{whole}.{decimals:0<2}"


def signed(value: Decimal) -> str:
    """Points with their sign, whichever it is."""
    return points(value) if value < 0 else f"+{points(value)}"


def value_change(old: Decimal | None, new: Decimal | None, value_type: str | None) -> str:
    """Values of an indicator that differ, rates as percentages: `92.3% → 95%`; else blank."""
    if old == new:
        return ""
    unit = "%" if value_type == "percent" else ""
    return " → ".join(
        "—" if value is None else f"{plain_figure(value)}{unit}" for value in (old, new)
    )


def month_name(day: date) -> str:
    """The month of a day, such as `2023年6月`."""
    return f"{day.year}年{day.month}月"


def printable(text: str) -> str:
    """A received text without the characters that documents, pictures and pages cannot hold."""
    return _UNFIT.sub("", text)


def visible(text: str) -> str:
    r"""A text on one line, in which what steers a terminal stands as in JSON, such as `\u001b`."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() or category(each) == "Zs" else _escaped(each) for each in text
    )


def _escaped(character: str) -> str:
    return re.sub("(....)", r"\\u\1", character.encode("utf-16-be", "surrogatepass").hex())
