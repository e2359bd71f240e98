"""Reading of xlsx files: values by calamine, and from the XML what calamine does not tell.

openpyxl would tell all of it, but walks every cell of a merged range (a sheet merged as a whole
takes days), refuses a workbook for one empty `fill` in its styles, and takes half a second to load.
"""

import io
import re
from dataclasses import dataclass, field
from xml.etree import ElementTree

from python_calamine import CalamineWorkbook

from ywtb.intake.cells import cell_of
from ywtb.intake.number_formats import BUILTIN_FORMATS
from ywtb.intake.office_archive import Parts, check_active, elements, refused, unpack
from ywtb.intake.sheets import calamine_sheets, check_place, tables_of
from ywtb.intake.tables import ReceivedCell, Table


@dataclass
class _Sheet:
    """What the XML of a sheet says of its cells, by row and column counted from 0.

    `formulas` are those of which the file keeps no result, `results` those of which it does.
    """

    formats: dict[tuple[int, int], str] = field(default_factory=dict)
    formulas: dict[tuple[int, int], str] = field(default_factory=dict)
    results: set[tuple[int, int]] = field(default_factory=set)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    disguised: set[tuple[int, int]] = field(default_factory=set)


def read_workbook(file: str, data: bytes, skipped: str) -> list[Table]:
    """Read every sheet that holds anything except the one named `skipped`.

    Args:
        file: name for messages.
        data: the workbook.
        skipped: sheet that holds no data.

    Raises:
        UnreadableError: not an honest xlsx file, or one that would not fit into memory.
    """
    parts = unpack(file, data)
    notes = check_active(file, parts)
    sheets = _scan(file, parts)

    def cell(sheet: str, value: object, place: tuple[int, int]) -> ReceivedCell:
        return _cell(value, sheets[sheet], place)

    with CalamineWorkbook.from_filelike(io.BytesIO(data)) as workbook:
        return tables_of(file, calamine_sheets(workbook, cell), skipped, notes)


def _scan(file: str, parts: Parts) -> dict[str, _Sheet]:
    """What the XML says of each sheet, by the sheet's name."""
    targets = {
        item.attrib["Id"]: item.attrib["Target"]
        for item in elements(parts.contents["xl/_rels/workbook.xml.rels"], "Relationship")
    }
    formats = _formats(parts.contents.get("xl/styles.xml"))
    disguised = _disguised_strings(parts.contents.get("xl/sharedStrings.xml", b""))
    sheets = {}
    for item in elements(parts.contents["xl/workbook.xml"], "sheet"):
        identity = next(value for name, value in item.attrib.items() if name.endswith("}id"))
        target = targets[identity]
        path = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
        name = item.attrib["name"]
        if path.startswith("xl/worksheets/"):
            sheets[name] = _scan_sheet(file, name, parts.contents[path], formats, disguised)
    return sheets


def _disguised_strings(content: bytes) -> set[str]:
    """Numbers of the shared strings of which a part is set apart from what it is read as."""
    return {
        str(number)
        for number, item in enumerate(elements(content, "si") if content else ())
        if _is_disguised(item)
    }


def _is_disguised(text: ElementTree.Element) -> bool:
    """Whether a part of a text is raised, lowered or struck out: 12 with a raised 2 is no 12."""
    return any(
        item.tag.rpartition("}")[2] in ("vertAlign", "strike")
        and item.attrib.get("val", "1") not in ("0", "false", "baseline")
        for item in text.iter()
    )


def _scan_sheet(
    file: str, name: str, content: bytes, formats: list[str], disguised: set[str]
) -> _Sheet:
    sheet = _Sheet()
    for item in elements(content, "c"):
        reference = item.attrib.get("r", "")
        matched = re.fullmatch(r"([A-Z]{1,3})([1-9]\d{0,6})", reference)
        if matched is None:
            raise refused(file, f"单元格没有位置（{reference}）", "Excel 保存的工作簿")
        column = _column_number(matched[1])
        row = int(matched[2]) - 1
        check_place(file, name, row, column)
        place = (row, column)
        if place in sheet.formats:
            raise refused(file, f"单元格 {reference} 出现两次", "Excel 保存的工作簿")
        style = int(item.attrib.get("s", 0))
        sheet.formats[place] = formats[style] if style < len(formats) else ""
        children = {child.tag.rpartition("}")[2]: child.text for child in item}
        if "f" in children:
            # A text that is empty is a result, a figure that is none is not.
            if children.get("v") or item.attrib.get("t") == "str":
                sheet.results.add(place)
            else:
                sheet.formulas[place] = f"={children['f'] or ''}"
        is_shared = item.attrib.get("t") == "s"
        if children.get("v") in disguised if is_shared else _is_disguised(item):
            sheet.disguised.add(place)
        if item.attrib.get("t") == "e":
            sheet.errors[place] = children.get("v") or ""
    return sheet


def _formats(styles: bytes | None) -> list[str]:
    """Number format of every cell style, as far as it matters here."""
    if styles is None:
        return []
    root = ElementTree.fromstring(styles)  # noqa: S314 - entity declarations were refused
    codes = dict(BUILTIN_FORMATS)
    # Formats of conditional formatting stand elsewhere and have numbers of their own.
    for item in root.iterfind("{*}numFmts/{*}numFmt"):
        codes[int(item.attrib["numFmtId"])] = item.attrib["formatCode"]
    return [
        codes.get(int(style.attrib.get("numFmtId", 0)), "")
        for style in root.iterfind("{*}cellXfs/{*}xf")
    ]


def _column_number(name: str) -> int:
    number = 0
    for letter in name:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _cell(value: object, sheet: _Sheet, place: tuple[int, int]) -> ReceivedCell:
    if place in sheet.formulas:
        return ReceivedCell(sheet.formulas[place], "formula")
    if place in sheet.errors:
        return ReceivedCell(sheet.errors[place], "error")
    cell = cell_of(value, sheet.formats.get(place, ""), place in sheet.results)
    if cell.kind == "text" and place in sheet.disguised:
        return ReceivedCell(cell.text, "disguised")
    return cell
