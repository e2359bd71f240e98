"""Reading of the tables of a Word document (docx)."""

from collections.abc import Iterator
from dataclasses import replace
from xml.etree import ElementTree

from ywtb.assessment.problem import Problem
from ywtb.intake.cells import typed_cell
from ywtb.intake.office_archive import (
    check_active,
    local_attributes,
    local_name,
    refused,
    unpack,
)
from ywtb.intake.sheets import Range, put
from ywtb.intake.tables import (
    BLANK,
    MAX_COLUMNS,
    MAX_ROWS,
    ReceivedCell,
    Table,
    UnreadableError,
)

MAX_TITLES, MAX_TITLES_BETWEEN = 12, 3
"""Lines before the first table that may be its titles, and before any other."""


def read_word(file: str, data: bytes) -> list[Table]:
    """Read every table of a document, with the lines before it.

    Raises:
        UnreadableError: not an honest docx file, or one without a table.
    """
    parts = unpack(file, data)
    notes = check_active(file, parts)
    root = ElementTree.fromstring(parts.contents["word/document.xml"])  # noqa: S314 - no entities
    tables: list[Table] = []
    titles: list[str] = []
    outside = 0
    for item in _blocks(root):
        if local_name(item) == "p":
            line = _text(item).strip()
            if line:
                titles.append(line)
                outside += 1
            continue
        name = f"表{len(tables) + 1}"
        rows, merges = _grid(file, name, item)
        if any(not cell.is_blank for row in rows for cell in row):
            most = MAX_TITLES_BETWEEN if tables else MAX_TITLES
            tables.append(Table(file, name, rows, merges, tuple(titles[-most:])))
        titles = []
    if not tables:
        raise refused(file, "没有表格", "有表格的 Word 文档")
    if outside:
        notes = (*notes, f"表格以外的文字 {outside} 段，未读取")
    return [replace(tables[0], notes=notes), *tables[1:]]


def _blocks(root: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """Paragraphs and tables in their order, those in content controls too."""
    for item in root:
        if local_name(item) in ("p", "tbl"):
            yield item
        elif local_name(item) not in ("del", "sectPr"):
            yield from _blocks(item)


def _grid(
    file: str, name: str, table: ElementTree.Element
) -> tuple[list[list[ReceivedCell]], tuple[Range, ...]]:
    """Cells of a table by row and column, and its merged ranges."""
    rows: list[list[ReceivedCell]] = []
    merges: list[list[int]] = []
    open_merges: dict[int, list[int]] = {}
    lines = [each for each in _inside(table, "tr") if not _is_deleted(each)]
    for row, line in enumerate(lines):
        column = _before(line)
        for item in _inside(line, "tc"):
            span, down = _spans(item)
            if row >= MAX_ROWS or column + span > MAX_COLUMNS:
                expected = f"不超过 {MAX_ROWS} 行、{MAX_COLUMNS} 列"
                raise UnreadableError(
                    Problem(file, row + 1, None, "表格过大", expected, sheet=name)
                )
            if down == "continue" and column in open_merges:
                open_merges[column][2] = row
            else:
                put(rows, row, column, _cell(item))
                merge = [row, column, row, column + span - 1]
                merges.append(merge)
                open_merges[column] = merge
            column += span
    found = ((top, left, bottom, right) for top, left, bottom, right in merges)
    return rows, tuple(each for each in found if each[:2] != each[2:])


def _inside(item: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    """Rows of a table or cells of a row, those in content controls too."""
    for each in item:
        if local_name(each) == name:
            yield each
        elif local_name(each) in ("sdt", "sdtContent", "ins", "customXml"):
            yield from _inside(each, name)


def _is_deleted(line: ElementTree.Element) -> bool:
    return line.find("{*}trPr/{*}del") is not None


def _before(line: ElementTree.Element) -> int:
    """Columns that a row leaves out at its beginning."""
    skipped = line.find("{*}trPr/{*}gridBefore")
    return 0 if skipped is None else _number(skipped)


def _spans(cell: ElementTree.Element) -> tuple[int, str]:
    """How many columns a cell takes, and whether it continues the one above it."""
    span = cell.find("{*}tcPr/{*}gridSpan")
    merge = cell.find("{*}tcPr/{*}vMerge")
    down = "" if merge is None else local_attributes(merge).get("val", "continue")
    return 1 if span is None else max(1, _number(span)), down


def _number(item: ElementTree.Element) -> int:
    text = local_attributes(item).get("val", "")
    return min(int(text), MAX_COLUMNS + 1) if text.isdecimal() else 0


def _cell(item: ElementTree.Element) -> ReceivedCell:
    text = "\n".join(_text(each) for each in item if local_name(each) == "p").strip()
    if not text:
        return BLANK
    runs = (each for each in item.iter() if local_name(each) == "rPr")
    if any(_is_disguised(each) for each in runs):
        return ReceivedCell(text, "disguised")
    return typed_cell(text)


def _is_disguised(properties: ElementTree.Element) -> bool:
    """Whether a run is raised, lowered, struck out or hidden: what is seen is not what is read."""
    return any(
        local_name(each) in ("vertAlign", "strike", "dstrike", "vanish")
        and local_attributes(each).get("val", "1") not in ("0", "false", "baseline")
        for each in properties
    )


def _text(item: ElementTree.Element) -> str:
    """Text of a paragraph as it stands once all changes are accepted."""
    found = []
    for each in item:
        name = local_name(each)
        if name == "t":
            found.append(each.text or "")
        elif name == "tab":
            found.append("\t")
        elif name in ("br", "cr"):
            found.append("\n")
        elif name not in ("del", "moveFrom", "pPr", "rPr", "txbxContent"):
            found.append(_text(each))
    return "".join(found)
