"""Room that Chinese text takes in a grid: widths are counted in half characters."""

import unicodedata
from itertools import count


def text_width(text: str) -> int:
    """Width of a text on one line: Chinese characters and punctuation are two wide."""
    return sum(map(_character_width, text))


def wrapped(text: str, width: int) -> list[str]:
    """The lines of a text that wraps after `width`, at any character, as Chinese does.

    No line begins with a closing mark or ends with an opening one.
    """
    lines = []
    for paragraph in text.splitlines() or [""]:
        line = ""
        for character in paragraph:
            if line and text_width(line + character) > width:
                end = len(line)
                while end > 1 and not _may_break(line[end - 1], (line + character)[end]):
                    end -= 1
                lines.append(line[:end])
                line = line[end:]
            line += character
        lines.append(line)
    return lines


def _may_break(before: str, after: str) -> bool:
    return unicodedata.category(before) not in ("Pi", "Ps") and (
        unicodedata.category(after) not in ("Pe", "Pf") and after not in "，。、；：！？,.;:%"
    )


def line_count(text: str, width: int) -> int:
    """Lines that a text takes when it wraps after `width`."""
    return len(wrapped(text, width))


def with_breaks(text: str, width: int) -> str:
    """A text with its line breaks written out, and no character alone on the last line.

    Without them a heading breaks elsewhere in every program and with every font.
    """
    lines = wrapped(text, width)
    if len(lines) > 1 and len(lines[-1]) == 1:
        *_, before, last = lines
        lines[-2:] = [before[:-1], before[-1] + last]
    return "\n".join(lines)


def narrowest(text: str, lines: int) -> int:
    """Least width at which a text takes no more than `lines` lines, or its own line breaks."""
    return next(
        width
        for width in count(max(2, -(-text_width(text) // lines)))
        if line_count(text, width) <= max(lines, len(text.splitlines()))
    )


def _character_width(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "FWA" else 1
