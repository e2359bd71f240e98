"""Room that Chinese text takes in a grid: widths are counted in half characters."""

import unicodedata
from itertools import count


def text_width(text: str) -> int:
    """Width of a text on one line: Chinese characters and punctuation are two wide."""
    return sum(map(_character_width, text))


def line_count(text: str, width: int) -> int:
    """Lines that a text takes when it wraps after `width`."""
    lines = 0
    for paragraph in text.splitlines() or [""]:
        lines, used = lines + 1, 0
        for character in paragraph:
            used += _character_width(character)
            if used > max(width, 2):
                lines, used = lines + 1, _character_width(character)
    return lines


def narrowest(text: str, lines: int) -> int:
    """Least width at which a text takes no more than `lines` lines, or its own line breaks."""
    return next(
        width
        for width in count(max(2, -(-text_width(text) // lines)))
        if line_count(text, width) <= max(lines, len(text.splitlines()))
    )


def _character_width(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "FWA" else 1
