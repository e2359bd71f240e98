"""Tables as received, before anything is known of what they mean."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from ywtb.assessment.figures import visible
from ywtb.assessment.problem import Problem

Kind = Literal[
    "blank", "text", "number", "percent", "disguised", "date", "boolean", "error", "formula"
]
"""Kinds of cells; a disguised one is formatted so that something else is seen."""

MAX_ROWS = 2_000
MAX_COLUMNS = 200
"""Far more than any month needs, and little enough to hold in memory."""

MAX_CELL = 32_767
"""Characters that a cell of Excel can hold."""

MAX_SHOWN = 60


class UnreadableError(Exception):
    """A file that cannot be read as a table; `problems` says why."""

    def __init__(self, *problems: Problem) -> None:
        """Keep the problems."""
        super().__init__(*problems)
        self.problems = list(problems)


@dataclass(frozen=True)
class ReceivedCell:
    """A cell. A number is exact decimal text; `decimals` is how many places its format shows.

    `is_formula`: the result that the file keeps of one. `is_rounded`: the file keeps more digits.
    """

    text: str
    kind: Kind
    decimals: int = 0
    is_formula: bool = False
    is_rounded: bool = False

    @property
    def is_blank(self) -> bool:
        """Whether nothing can be seen in the cell."""
        return self.kind == "blank"


BLANK = ReceivedCell("", "blank")


@dataclass(frozen=True)
class Table:
    """A CSV file or a sheet. `merges` are ranges (top, left, bottom, right), counted from 0.

    `titles` are the lines before a table of a document, `notes` what its reader left out, `member`
    the name of the file in an archive of files.
    """

    file: str
    sheet: str | None
    rows: list[list[ReceivedCell]]
    merges: tuple[tuple[int, int, int, int], ...] = ()
    titles: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    member: str = ""

    @property
    def location(self) -> str:
        """Where in the file that was handed in: the member of an archive, the sheet."""
        return " ".join(each for each in (self.member, self.sheet) if each)

    @property
    def place(self) -> str:
        """The file, with its sheet."""
        return self.file if self.sheet is None else f"{self.file} [{self.sheet}]"

    def cell(self, row: int, column: int) -> ReceivedCell:
        """The cell at a place counted from 0; blank outside the table."""
        if row >= len(self.rows) or column >= len(self.rows[row]):
            return BLANK
        return self.rows[row][column]

    @property
    def texts(self) -> set[str]:
        """Texts of all cells that may hold a figure."""
        kinds = ("text", "number", "percent")
        return {cell.text for row in self.rows for cell in row if cell.kind in kinds}

    @property
    def width(self) -> int:
        """Number of columns of the widest row."""
        return max((len(row) for row in self.rows), default=0)


def cell_name(row: int, column: int) -> str:
    """A cell counted from 0 as a spreadsheet names it, such as B4."""
    return f"{letters(column)}{row + 1}"


def clean(text: str) -> str:
    """A name, heading or title without widths of letters and signs; no figure is read from it."""
    text = unicodedata.normalize("NFKC", text.translate(SIGNS))
    return "".join(each for each in text if unicodedata.category(each) != "Cf").strip()


def compact(text: str) -> str:
    """A name or heading for comparison: without spaces, line breaks or kinds of quotation marks."""
    return re.sub(r"[\s\"'“”‘’「」『』]", "", clean(text))


def shown(text: str) -> str:
    """A seen value in quotes, made safe to print and not too long."""
    safe = visible(text)
    return f"“{safe[:MAX_SHOWN]}…”" if len(safe) > MAX_SHOWN else f"“{safe}”"


def too_long(text: str) -> tuple[str, str]:
    """What is seen in a cell of more than `MAX_CELL` characters, and what is expected."""
    return f"单元格有 {len(text)} 个字符", f"不超过 {MAX_CELL} 个字符（Excel 单元格的上限）"


def letters(column: int) -> str:
    """A column counted from 0 as a spreadsheet names it."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


SIGNS = str.maketrans({"−": "-", "﹣": "-", "–": "—", "―": "—", "─": "—"})
