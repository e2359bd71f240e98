"""Room that Chinese text takes, counted in characters: widths, line breaks, columns of an annex."""

import math
import re

from ywtb.exports.release_month import Annex

OPENING, CLOSING = "“‘（《〈", "”’）》〉，。、；：！？,.;:%"

SCRIPT_CHANGE = re.compile("(?<=[一-鿿])(?=[0-9A-Za-z])|(?<=[0-9A-Za-z%])(?=[一-鿿])")
"""Where a Chinese character and a Western one meet."""

NAME_ON_ONE_LINE = 11
"""Characters up to which a text in a column, such as the name of a unit, is not broken."""

HEADING_LINES = 4
"""Lines that the heading of a column is broken into at most."""


def width_in_ems(text: str) -> float:
    """How wide a text is set, in characters: most Western ones take about half of one.

    Between Chinese and Western ones a quarter is left free.
    """
    return (
        sum(
            1 if ord(character) >= 0x2000 else 0.9 if character in "%+@" else 0.55
            for character in text
        )
        + len(SCRIPT_CHANGE.findall(text)) / 4
    )


def fold(text: str, most: float) -> list[str]:
    """Break a text into as few lines as fit, of about the same length, and where it has a break.

    Lines take an even number of characters, as most words do; none begins with a closing or ends
    with an opening mark. A text that does not fit however it is broken stays whole.

    Args:
        text: to be broken.
        most: characters that a line has room for.
    """
    return [line for part in text.splitlines() for line in _folded(part, most)]


def _folded(text: str, most: float) -> list[str]:
    for count in range(max(1, math.ceil(width_in_ems(text) / most)), len(text) + 1):
        lines = _lines(text, count)
        if all(width_in_ems(line) <= most for line in lines):
            return lines
    return [text]


def _lines(text: str, count: int) -> list[str]:
    """The text in so many lines, or fewer."""
    lines = []
    for remaining in range(count, 1, -1):
        aim = max(2, 2 * round(width_in_ems(text) / remaining / 2))
        end = 1
        while end < len(text) and width_in_ems(text[: end + 1]) <= aim:
            end += 1
        while 1 < end < len(text) and (text[end - 1] in OPENING or text[end] in CLOSING):
            end -= 1
        lines.append(text[:end])
        text = text[end:]
    return [line for line in (*lines, text) if line]


def column_widths(
    annex: Annex,
    size: float,
    padding: float,
    available: float,
    longest: int = NAME_ON_ONE_LINE,
) -> list[float]:
    """Widths of an annex's columns, which fill what is available, or more if cells need it.

    No number is ever broken. What is left goes to headings and long texts, until each stands on one
    line, and then to all alike.

    Args:
        annex: whose columns they are.
        size: of the type; widths are in its unit.
        padding: that a column has beside its widest text.
        available: for all columns together.
        longest: characters up to which a text is not broken.
    """
    needed, wanted = [], []
    for column, *cells in zip(annex.columns, *annex.texts, strict=True):
        widest = whole = max(map(width_in_ems, cells))
        if column.number_format == "@":
            widest = min(widest, longest)
        heading = width_in_ems(column.label)
        ems = max(widest, heading / HEADING_LINES, min(heading, 2))
        needed.append(ems * size + padding)
        wanted.append(max(needed[-1], heading * size + padding, whole * size + padding))
    spare, missing = available - sum(needed), sum(wanted) - sum(needed)
    if spare < 0:
        return needed
    if spare < missing:
        return [
            width + (want - width) * spare / missing
            for width, want in zip(needed, wanted, strict=True)
        ]
    return [width + (spare - missing) / len(wanted) for width in wanted]
