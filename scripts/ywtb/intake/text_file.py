"""Reading of CSV files in whatever encoding and with whatever separator they come."""

import csv
import io

from ywtb.assessment.problem import Problem
from ywtb.intake.cells import typed_cell
from ywtb.intake.tables import (
    MAX_COLUMNS,
    MAX_ROWS,
    Table,
    UnreadableError,
    compact,
)

SEPARATORS = ",\t;"


def read_text_table(file: str, data: bytes, headings: frozenset[str]) -> Table:
    """Read a CSV file.

    Args:
        file: name for messages.
        data: its content in UTF-8, UTF-16 or GB18030.
        headings: compact headings of first columns; the separator is the one that shows one.

    Raises:
        UnreadableError: not text, no known encoding, or not a regular CSV.
    """
    text = decode(file, data)
    for number, line in enumerate(text.split("\n"), start=1):
        if any(ord(each) < 32 and each not in "\t\r" for each in line):
            seen = "含有空字符（NUL）" if "\0" in line else "含有控制字符"
            raise UnreadableError(Problem(file, number, None, seen, "纯文本"))
    tables = [_split(text, separator) for separator in SEPARATORS]
    readable = [rows for rows in tables if isinstance(rows, list)]
    if not readable:
        raise UnreadableError(
            Problem(file, None, None, f"不是完整的 CSV（{tables[0]}）", "引号成对的 CSV")
        )
    rows = max(readable, key=lambda rows: _header_width(rows, headings))
    if len(rows) > MAX_ROWS or any(len(row) > MAX_COLUMNS for row in rows):
        raise UnreadableError(
            Problem(file, None, None, "表格过大", f"不超过 {MAX_ROWS} 行、{MAX_COLUMNS} 列")
        )
    if not any(text.strip() for row in rows for text in row):
        raise UnreadableError(Problem(file, None, None, "没有内容", "本月的数据"))
    return Table(file, None, [[typed_cell(text) for text in row] for row in rows])


def decode(file: str, data: bytes) -> str:
    """Text in UTF-8, UTF-16 or GB18030.

    Raises:
        UnreadableError: in none of them.
    """
    encodings = ["utf-8-sig", "gb18030"]
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\0" in data[:2000]:
        # Without a mark: of every pair of bytes, separators and digits have one NUL, always on the
        # same side. A stray NUL is left for the check of the text.
        sample = data[:2000]
        even, odd = sample[::2].count(0), sample[1::2].count(0)
        if max(even, odd) > max(4 * min(even, odd), len(sample) // 40):
            encodings = ["utf-16-be" if even > odd else "utf-16-le"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableError(
        Problem(file, None, None, "编码无法识别", "UTF-8、GB18030（GBK）或 UTF-16 编码的文本")
    )


def _split(text: str, separator: str) -> list[list[str]] | csv.Error:
    csv.field_size_limit(max(len(text) + 1, csv.field_size_limit()))
    try:
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        return error


def _header_width(rows: list[list[str]], headings: frozenset[str]) -> tuple[int, int]:
    for row in rows[:20]:
        if any(compact(text) in headings for text in row):
            return 1, len(row)
    return 0, max((len(row) for row in rows), default=0)
