"""Reading of ods files: the text that a cell shows stands in the file, beside its value."""

import re
from decimal import Decimal, InvalidOperation
from xml.etree import ElementTree

from ywtb.assessment.figures import plain_figure
from ywtb.intake.cells import text_cell
from ywtb.intake.office_archive import (
    IGNORED_MACROS,
    PROGRAM_LINK,
    local_attributes,
    local_name,
    refused,
    unpack,
)
from ywtb.intake.sheets import Range, Sheet, check_place, put, tables_of, trimmed
from ywtb.intake.tables import BLANK, MAX_COLUMNS, MAX_ROWS, Kind, ReceivedCell, Table

_SEEN = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?(%?)")
_CELLS = ("table-cell", "covered-table-cell")


def read_ods(file: str, data: bytes, skipped: str) -> list[Table]:
    """Read every sheet that holds anything except the one named `skipped`.

    Raises:
        UnreadableError: not an honest ods file, or one that would not fit into memory.
    """
    parts = unpack(file, data, ("content.xml", "manifest.xml"))
    manifest = parts.contents.get("META-INF/manifest.xml", b"")
    if b"encryption-data" in manifest:
        raise refused(file, "加了密", "去掉密码后的文件")
    if b"oleobject" in manifest.lower():
        raise refused(file, "含有OLE 对象", "不含OLE 对象的文件")
    content = parts.contents["content.xml"]
    if PROGRAM_LINK.search(content):
        raise refused(file, "含有到其他程序的链接（DDE 或 OLE）", "不含这种链接的文件")
    has_macros = any(name.startswith(("Basic/", "Scripts/")) for name in parts.names)
    root = ElementTree.fromstring(content)  # noqa: S314 - no entities
    hidden, raised = _styles(root)
    sheets = [
        _sheet(file, table, hidden, raised)
        for table in root.iterfind("{*}body/{*}spreadsheet/{*}table")
    ]
    return tables_of(file, sheets, skipped, (IGNORED_MACROS,) if has_macros else ())


def _styles(root: ElementTree.Element) -> tuple[set[str], set[str]]:
    """Names of the styles that hide a sheet, and of those that raise, lower or strike out text."""
    hidden, raised = set(), set()
    for style in root.iterfind("{*}automatic-styles/{*}style"):
        name = local_attributes(style).get("name", "")
        for properties in style:
            values = local_attributes(properties)
            if values.get("display") == "false" and local_name(properties) == "table-properties":
                hidden.add(name)
            position = values.get("text-position", "").split(" ")[0]
            is_struck = values.get("text-line-through-style", "none") != "none"
            if position not in ("", "0%") or is_struck:
                raised.add(name)
    return hidden, raised


def _sheet(file: str, table: ElementTree.Element, hidden: set[str], raised: set[str]) -> Sheet:
    attributes = local_attributes(table)
    name = attributes.get("name", "")
    rows: list[list[ReceivedCell]] = []
    merges: list[Range] = []
    row = 0
    for line in _lines(table):
        column = 0
        repeated_rows = _count(line, "number-rows-repeated")
        for item in line:
            if local_name(item) not in _CELLS:
                continue
            cell = _cell(item, raised)
            repeated = _count(item, "number-columns-repeated")
            if not cell.is_blank:
                last = row + repeated_rows - 1, column + repeated - 1
                check_place(file, name, *last)
                for place in range(row, row + repeated_rows):
                    for each in range(column, column + repeated):
                        put(rows, place, each, cell)
            down, right = (_count(item, f"number-{each}-spanned") for each in ("rows", "columns"))
            if down > 1 or right > 1:
                merges.append((row, column, row + down - 1, column + right - 1))
            column = min(column + repeated, MAX_COLUMNS + 1)
        row = min(row + repeated_rows, MAX_ROWS + 1)
    return Sheet(name, attributes.get("style-name") in hidden, trimmed(rows), tuple(merges))


def _lines(table: ElementTree.Element) -> list[ElementTree.Element]:
    """The rows of a sheet, those in groups and headers too, but not those of tables in cells."""
    found = []
    for item in table:
        if local_name(item) == "table-row":
            found.append(item)
        elif local_name(item) in ("table-row-group", "table-header-rows", "table-rows"):
            found += _lines(item)
    return found


def _count(item: ElementTree.Element, name: str) -> int:
    return max(1, int(local_attributes(item).get(name, "1")))


def _cell(item: ElementTree.Element, raised: set[str]) -> ReceivedCell:
    if local_name(item) == "covered-table-cell":
        return BLANK
    attributes = local_attributes(item)
    kind = attributes.get("value-type", "string" if len(item) else "")
    paragraphs = [each for each in item if local_name(each) in ("p", "h")]
    seen = "\n".join("".join(_texts(each)) for each in paragraphs)
    is_formula = "formula" in attributes
    if any(
        local_attributes(each).get("style-name") in raised
        for each in item.iter()
        if local_name(each) == "span"
    ):
        return ReceivedCell(seen, "disguised")
    if kind in ("float", "percentage", "currency"):
        return _number(attributes.get("value", ""), seen, kind == "percentage", is_formula)
    if kind == "boolean":
        return ReceivedCell(seen, "boolean")
    if kind == "date":
        is_day = "T" not in attributes.get("date-value", "T")
        return ReceivedCell(attributes.get("date-value", seen), "date" if is_day else "disguised")
    if kind == "time":
        return ReceivedCell(seen, "disguised")
    if is_formula and (not seen or seen.startswith(("#", "Err:"))):
        return ReceivedCell(seen or attributes["formula"], "error" if seen else "formula")
    cell = text_cell(seen or attributes.get("string-value", ""))
    return cell if cell.is_blank else ReceivedCell(cell.text, cell.kind, is_formula=is_formula)


def _texts(item: ElementTree.Element) -> list[str]:
    """The text of a paragraph, without notes that somebody pinned to it."""
    if local_name(item) == "annotation":
        return []
    blanks = {"s": " " * min(_count(item, "c"), 100), "tab": "\t", "line-break": "\n"}
    found = [blanks.get(local_name(item), item.text or "")]
    for each in item:
        found += [*_texts(each), each.tail or ""]
    return found


def _number(value: str, seen: str, is_percent: bool, is_formula: bool) -> ReceivedCell:
    """A number as it is seen, if that is the number in the file or the same rounded."""
    try:
        exact = Decimal(value)
    except InvalidOperation:
        return ReceivedCell(value, "error")
    if not exact.is_finite():
        return ReceivedCell(value, "error")
    seen = seen.strip() or (f"{plain_figure(exact * 100)}%" if is_percent else plain_figure(exact))
    matched = _SEEN.fullmatch(seen)
    if matched is None:
        return ReceivedCell(seen, "disguised")
    shown = Decimal(matched[0].rstrip("%").replace(",", ""))
    places = len(matched[1] or "")
    factor = 100 if matched[2] else 1
    if abs(shown - exact * factor) > Decimal(1).scaleb(-places) / 2:
        return ReceivedCell(seen, "disguised")
    kind: Kind = "percent" if matched[2] else "number"
    return ReceivedCell(
        plain_figure(shown), kind, places, is_formula, is_rounded=shown != exact * factor
    )
