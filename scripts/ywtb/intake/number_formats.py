"""What a person sees of a number in a spreadsheet, by its number format (ECMA-376, 18.8.30-31)."""

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import NamedTuple

BUILTIN_FORMATS = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    **dict.fromkeys((5, 6, 7, 8, 42, 44), '"¥"#,##0.00'),
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    **dict.fromkeys((37, 38), "#,##0_)"),
    **dict.fromkeys((39, 40), "#,##0.00_)"),
    41: '_ * #,##0_ ;_ * -#,##0_ ;_ * "-"_ ',
    43: '_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * "-"??_ ',
    48: "##0.0E+0",
}
"""Formats that a workbook names by number alone, dates apart; all others of them are General."""

_SECTION = re.compile(r';((?:"[^"]*"|[\\_*].|[^;"\\_*])*)')
_CONDITION = re.compile(r"\[[<>=]")
_INVISIBLE = re.compile(
    r"_.|\* |\\? |\[\$-[0-9A-F]{1,4}\]"
    r"|\[(?:black|blue|cyan|green|magenta|red|white|yellow|[黑蓝青绿红白黄]色|洋红"
    r"|(?:color|颜色) ?\d+)\]",
    re.IGNORECASE,
)
"""Widths, fills with spaces, languages and colours."""

_PLAIN = re.compile(
    r"(?P<body>General|@|[#?]*(?:,[#?]+)*(?P<whole>0?)(?:\.(?P<places>0*)(?P<optional>[#?]*))?)"
    r'(?P<sign>%|"%"|\\%)?',
    re.IGNORECASE,
)
"""A number as it is, or as a percentage; a percent sign that is mere text does not multiply."""


class SeenNumber(NamedTuple):
    """A number as seen; `decimals` is how many places are shown even if they are 0.

    `is_rounded`: the cell holds more of them than it shows.
    """

    value: Decimal
    is_percent: bool
    decimals: int
    is_rounded: bool = False


def seen_number(value: Decimal, code: str) -> SeenNumber | None:
    """What is seen of `value` in the format `code`.

    A number of which fewer places are shown is rounded half up, as spreadsheets do. None where
    something else is seen: a number divided, hidden, or among other characters.
    """
    sections = _SECTION.findall(f";{code or 'General'}")
    section = sections[2] if value == 0 and len(sections) > 2 else sections[0]
    plain = _PLAIN.fullmatch(_INVISIBLE.sub("", section))
    if plain is None or not plain["body"] or _CONDITION.search(code):
        return None
    if plain["sign"] == "%":
        value *= 100
    places = plain["places"] or ""
    is_rounded = False
    if plain["body"].lower() not in ("general", "@"):
        shown_places = len(places) + len(plain["optional"] or "")
        if not plain["whole"] and abs(value) < 1:
            return None
        try:
            rounded = value.quantize(Decimal(1).scaleb(-shown_places), ROUND_HALF_UP)
        except InvalidOperation:  # far more digits than any figure has
            return None
        is_rounded = rounded != value
        value = rounded if is_rounded else value
    return SeenNumber(value, plain["sign"] is not None, len(places), is_rounded)
