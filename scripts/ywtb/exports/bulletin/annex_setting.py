"""How large an annex is set: reckoned beforehand, so that notes stand below rows of its table."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from docx.shared import Length

from ywtb.exports.bulletin import official_format as layout
from ywtb.exports.release_month import Annex, Heading
from ywtb.exports.text_layout import NAME_ON_ONE_LINE, column_widths, fold, width_in_ems

SIZES = (layout.SIZE["五号"], layout.SIZE["小五"], layout.SIZE["六号"])
"""Type sizes of tables; the largest that fits is taken."""

NOTE_SIZES = (layout.SIZE["小五"], layout.SIZE["六号"])
"""Type sizes of notes; the smaller one where it saves a page."""

ROW_HEIGHTS = [tenths / 10 for tenths in range(14, 33)]
"""Heights of rows that are tried, in heights of the type."""

USUAL_ROW, BEST_ROW = 1.5, 2.2

LINE = 4 / 3
"""Height of a line of a table, in heights of the type."""

MARGINS = 3.0
"""Points between the text of a cell and its borders, left and right together."""

PADDING = 2 * MARGINS
"""Points of a column that its widest text leaves free."""

RULE = 0.5
"""Points that a line between rows takes."""

NOTE_LINE, NOTE_INDENT = 1.28, 1.5
"""Height of a line of notes and indent of the notes, in heights of the type."""

LAST_ROWS = 3
"""Rows that should at least stand above the notes where a table takes several pages."""

SLACK = 8.0
"""Points of a page that stay free, since no two programs set it alike."""


@dataclass(frozen=True)
class Setting:
    """Points of a table's type, of its columns, of the height of its rows, of the notes' type."""

    size: float
    widths: Sequence[float]
    row_height: float
    note_size: float


def usual_setting(annex: Annex, width: Length, longest: int = NAME_ON_ONE_LINE) -> Setting:
    """The largest type with which an annex is as wide as a page.

    Args:
        annex: the annex.
        width: of the page; the columns fill it.
        longest: characters up to which a text is not broken.
    """
    available = width.pt
    for size in SIZES:
        widths = column_widths(annex, size, PADDING, available, longest)
        if sum(widths) < available + 0.01:
            break
    else:
        widths = [each * available / sum(widths) for each in widths]
    return Setting(size, widths, USUAL_ROW * size, NOTE_SIZES[0])


def page_setting(annex: Annex, width: Length, height: Length, taken: float) -> Setting:
    """The setting with which an annex takes the fewest pages and fills them.

    Args:
        annex: the annex.
        width: of the page.
        height: of the page.
        taken: points that titles take of the first page.
    """
    usual = usual_setting(annex, width)
    size, widths = usual.size, usual.widths
    lines = [
        max(
            math.ceil(width_in_ems(text) * size / (room - MARGINS))
            for text, room in zip(texts, widths, strict=True)
        )
        for texts in annex.texts
    ]
    page = height.pt - SLACK - sum(_heading_heights(annex, usual))
    found = []
    for note_size in NOTE_SIZES:
        notes = _notes_height(annex, note_size, width.pt)
        for row_height in ROW_HEIGHTS:
            rows = [max(row_height, each * LINE) * size + RULE for each in lines]
            pages = _pages([*rows[:-1], rows[-1] + notes], page - taken, page)
            quality = (
                -len(pages),
                min(pages[-1], LAST_ROWS),
                note_size,
                -abs(row_height - BEST_ROW),
            )
            found.append(
                (quality, replace(usual, row_height=row_height * size, note_size=note_size))
            )
    return max(found, key=lambda each: each[0])[1]


def heading_lines(heading: Heading, setting: Setting) -> list[str]:
    """The text of a heading in the lines that it is broken into."""
    room = sum(setting.widths[heading.column : heading.column + heading.column_span]) - MARGINS
    return fold(heading.text, room / setting.size)


def _pages(rows: Sequence[float], first: float, other: float) -> list[int]:
    """How many rows there are on each page."""
    pages, room = [0], first
    for row in rows:
        if row > room and pages[-1]:
            pages.append(0)
            room = other
        pages[-1] += 1
        room -= row
    return pages


def _notes_height(annex: Annex, size: float, width: float) -> float:
    room = width / size - NOTE_INDENT - 1
    lines = sum(math.ceil(width_in_ems(note) / room) for note in annex.notes)
    return (lines + 1) * size * NOTE_LINE + 4 if annex.notes else 0


def _heading_heights(annex: Annex, setting: Setting) -> list[float]:
    """Points of each row of headings; a heading over several rows stretches the last of them."""
    heights = [setting.size * USUAL_ROW] * annex.heading_rows
    for heading in sorted(annex.headings, key=lambda each: each.row_span):
        first, end = heading.row, heading.row + heading.row_span
        needed = len(heading_lines(heading, setting)) * setting.size * LINE + RULE
        heights[end - 1] += max(0, needed - sum(heights[first:end]))
    return heights
