"""Reading of xlsb files: values by calamine, and from the records what calamine does not tell.

The records are those of [MS-XLSB]; only number formats, and which cells hold formulas, are read.
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree

from python_calamine import CalamineWorkbook

from ywtb.intake.cells import cell_of
from ywtb.intake.number_formats import BUILTIN_FORMATS
from ywtb.intake.office_archive import check_active, unpack
from ywtb.intake.sheets import calamine_sheets, check_place, tables_of
from ywtb.intake.tables import ReceivedCell, Table

_ROW, _SHEET, _FORMAT, _XF, _BEGIN_XFS, _END_XFS = 0, 156, 44, 47, 617, 618
_CELLS = range(1, 12)
_FORMULAS = range(8, 12)
_ERRORS = (3, 11)


@dataclass
class _Sheet:
    formats: dict[tuple[int, int], str] = field(default_factory=dict)
    results: set[tuple[int, int]] = field(default_factory=set)
    errors: set[tuple[int, int]] = field(default_factory=set)


def read_xlsb(file: str, data: bytes, skipped: str) -> list[Table]:
    """Read every sheet that holds anything except the one named `skipped`.

    Raises:
        UnreadableError: not an honest xlsb file, or one that would not fit into memory.
    """
    parts = unpack(file, data, (".xml", ".rels", ".bin"))
    notes = check_active(file, parts)
    relations = ElementTree.fromstring(  # noqa: S314 - no entities
        parts.contents["xl/_rels/workbook.bin.rels"]
    )
    targets = {item.attrib["Id"]: item.attrib["Target"].lstrip("/") for item in relations}
    formats = _formats(parts.contents.get("xl/styles.bin", b""))
    sheets: dict[str, _Sheet] = {}
    for kind, body in _records(parts.contents["xl/workbook.bin"]):
        if kind == _SHEET:
            identity, end = _text(body, 8)
            name, _ = _text(body, end)
            target = targets[identity]
            content = parts.contents[target if target.startswith("xl/") else f"xl/{target}"]
            sheets[name] = _scan_sheet(file, name, content, formats)

    def cell(sheet: str, value: object, place: tuple[int, int]) -> ReceivedCell:
        known = sheets[sheet]
        if place in known.errors:
            return ReceivedCell(str(value) or "#ERR", "error")
        return cell_of(value, known.formats.get(place, ""), place in known.results)

    with CalamineWorkbook.from_filelike(io.BytesIO(data)) as workbook:
        return tables_of(file, calamine_sheets(workbook, cell), skipped, notes)


def _scan_sheet(file: str, name: str, content: bytes, formats: list[str]) -> _Sheet:
    sheet = _Sheet()
    row = 0
    for kind, body in _records(content):
        if kind == _ROW:
            (row,) = struct.unpack_from("<I", body)
        elif kind in _CELLS:
            column, style = struct.unpack_from("<II", body)
            check_place(file, name, row, column)
            style &= 0xFFFFFF
            sheet.formats[row, column] = formats[style] if style < len(formats) else ""
            if kind in _FORMULAS:
                sheet.results.add((row, column))
            if kind in _ERRORS:
                sheet.errors.add((row, column))
    return sheet


def _formats(styles: bytes) -> list[str]:
    """Number format of every cell style."""
    codes = dict(BUILTIN_FORMATS)
    found = []
    is_cell = False
    for kind, body in _records(styles):
        if kind == _FORMAT:
            codes[struct.unpack_from("<H", body)[0]], _ = _text(body, 2)
        elif kind in (_BEGIN_XFS, _END_XFS):
            is_cell = kind == _BEGIN_XFS
        elif kind == _XF and is_cell:
            found.append(codes.get(struct.unpack_from("<H", body, 2)[0], ""))
    return found


def _records(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Kinds and bodies of the records of a part."""
    position = 0
    while position < len(content):
        kind, position = _number(content, position, 2)
        size, position = _number(content, position, 4)
        yield kind, content[position : position + size]
        position += size


def _number(content: bytes, position: int, most: int) -> tuple[int, int]:
    """A number of up to `most` bytes of seven bits, and where it ends."""
    number = 0
    for count in range(most):
        byte = content[position]
        position += 1
        number |= (byte & 0x7F) << 7 * count
        if not byte & 0x80:
            break
    return (number, position)


def _text(body: bytes, position: int) -> tuple[str, int]:
    (length,) = struct.unpack_from("<I", body, position)
    end = position + 4 + 2 * length
    return body[position + 4 : end].decode("utf-16-le"), end
