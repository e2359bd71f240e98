"""Room that Chinese text takes in a grid: widths are counted in half characters."""

import unicodedata
from itertools import count


def text_width(text: str) -> int:
    """Width of a text on one line: Chinese characters and punctuation are two wide."""
    return sum(map(_character_width, text))


def wrapped(text: str, width: int) -> list[str]:
    """The lines of a text that wraps after `width`, at any character, as Chinese does."""
    lines = []
    for paragraph in text.splitlines() or [""]:
        line = ""
        for character in paragraph:
            if line and text_width(line + character) > width:
                lines.append(line)
                line = ""
            line += character
        lines.append(line)
    return lines


def line_count(text: str, width: int) -> int:
    """Lines that a text takes when it wraps after `width`."""
    return len(wrapped(text, width))


def without_widow(text: str, width: int) -> str:
    """A text with a line break where its last character would else stand on a line alone."""
    lines = wrapped(text, width)
    return f"{text[:-2]}\n{text[-2:]}" if len(lines) > 1 and len(lines[-1]) == 1 else text


def narrowest(text: str, lines: int) -> int:
    """Least width at which a text takes no more than `lines` lines, or its own line breaks."""
    return next(
        width
        for width in count(max(2, -(-text_width(text) // lines)))
        if line_count(text, width) <= max(lines, len(text.splitlines()))
    )


def _character_width(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "FWA" else 1
