"""Reading of xlsx files: values by calamine, and from the XML what calamine does not tell.

openpyxl would tell all of it, but walks every cell of a merged range (a sheet merged as a whole
takes days), refuses a workbook for one empty `fill` in its styles, and takes half a second to load.
"""

import datetime
import io
import math
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from xml.etree import ElementTree

from python_calamine import CalamineWorkbook, SheetVisibleEnum

from ywtb.assessment.figures import plain_figure
from ywtb.assessment.problem import Problem
from ywtb.intake.number_formats import BUILTIN_FORMATS, seen_number
from ywtb.intake.tables import (
    BLANK,
    MAX_COLUMNS,
    MAX_ROWS,
    Kind,
    ReceivedCell,
    Table,
    UnreadableError,
    letters,
)

MAX_UNPACKED = 50_000_000
ACTIVE_PARTS = {
    "宏": ("vbaproject", "macrosheet"),
    "OLE 对象": ("oleobject", "embeddings/", "/package"),
    "ActiveX 控件": ("activex", "/control"),
}
"""What runs or holds other programs' files, by words in the name of a part or in its kind."""

PROGRAM_LINK = re.compile(rb"[<:](?:ddeLink|oleLink)\b")

EXACT_DIGITS = 15
"""Significant decimal digits that a double keeps."""


@dataclass
class _Sheet:
    """What the XML of a sheet says of its cells, by row and column counted from 0."""

    formats: dict[tuple[int, int], str] = field(default_factory=dict)
    formulas: set[tuple[int, int]] = field(default_factory=set)
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
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise _refused(file, "旧版 .xls 或加了密的工作簿", "不加密的 .xlsx 工作簿")
    try:
        parts = _unpack(file, data)
        sheets = _scan(file, parts)
        tables = []
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as workbook:
            for meta in workbook.sheets_metadata:
                if meta.name == skipped:
                    continue
                sheet = workbook.get_sheet_by_name(meta.name)
                values = sheet.to_python(skip_empty_area=False)
                rows = [
                    [_cell(value, sheets[meta.name], (row, column)) for column, value in each]
                    for row, each in ((row, enumerate(each)) for row, each in enumerate(values))
                ]
                if all(cell.is_blank for row in rows for cell in row):
                    continue
                if meta.visible != SheetVisibleEnum.Visible:
                    raise UnreadableError(
                        Problem(
                            file, None, None, "隐藏的工作表", "没有隐藏的工作表", sheet=meta.name
                        )
                    )
                merges = tuple((*start, *end) for start, end in sheet.merged_cell_ranges or ())
                tables.append(Table(file, meta.name, rows, merges))
    except (UnreadableError, MemoryError):
        raise
    except Exception as error:  # a spoilt file can make its readers raise anything
        seen = f"不是完整的工作簿（{type(error).__name__}）"
        raise _refused(file, seen, "Excel 保存的 .xlsx 工作簿") from error
    if not tables:
        raise _refused(file, "没有内容", "本月的数据")
    return tables


def _unpack(file: str, data: bytes) -> dict[str, bytes]:
    """Content of the XML parts, read through to the end and within limits."""
    parts: dict[str, bytes] = {}
    room = MAX_UNPACKED
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
        names = [entry.filename for entry in entries]
        if len(set(names)) < len(names):
            raise _refused(file, "压缩包内有重名的部分", "Excel 保存的工作簿")
        for entry in entries:
            name = entry.filename
            if name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/"):
                raise _refused(file, "压缩包内的路径指向包外", "Excel 保存的工作簿")
            if entry.flag_bits & 1:
                raise _refused(file, "加了密", "不加密的 .xlsx 工作簿")
            with archive.open(entry) as part:
                content = part.read(room + 1)
            room -= len(content)
            if room < 0:
                raise _refused(
                    file, "解压后过大（疑为压缩炸弹）", f"解压后不超过 {MAX_UNPACKED} 字节"
                )
            if name.lower().endswith((".xml", ".rels")):
                parts[name] = content
    for content in parts.values():
        # Also in UTF-16, which no office program writes.
        if b"\0" in content or b"<!DOCTYPE" in content or b"<!ENTITY" in content:
            raise _refused(file, "含有 XML 实体声明", "Excel 保存的工作簿")
    _check_active(file, names, parts)
    return parts


def _check_active(file: str, names: list[str], parts: dict[str, bytes]) -> None:
    """Refuse a workbook with parts that do something where it is opened.

    A part is what its relationship says that it is, whatever it is called.
    """
    kinds = [
        "/" + item.attrib["Type"].rpartition("/")[2]
        for name, content in parts.items()
        if name.lower().endswith(".rels")
        for item in _elements(content, "Relationship")
    ]
    for each in (*names, *kinds):
        for title, words in ACTIVE_PARTS.items():
            if any(word in each.lower() for word in words):
                raise _refused(file, f"含有{title}", f"不含{title}的 .xlsx 工作簿")
    if any(PROGRAM_LINK.search(content) for content in parts.values()):
        raise _refused(file, "含有到其他程序的链接（DDE 或 OLE）", "不含这种链接的 .xlsx 工作簿")


def _scan(file: str, parts: dict[str, bytes]) -> dict[str, _Sheet]:
    """What the XML says of each sheet, by the sheet's name."""
    targets = {
        item.attrib["Id"]: item.attrib["Target"]
        for item in _elements(parts["xl/_rels/workbook.xml.rels"], "Relationship")
    }
    formats = _formats(parts.get("xl/styles.xml"))
    disguised = _disguised_strings(parts.get("xl/sharedStrings.xml", b""))
    sheets = {}
    for item in _elements(parts["xl/workbook.xml"], "sheet"):
        identity = next(value for name, value in item.attrib.items() if name.endswith("}id"))
        target = targets[identity]
        path = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
        name = item.attrib["name"]
        if path.startswith("xl/worksheets/"):
            sheets[name] = _scan_sheet(file, name, parts[path], formats, disguised)
    return sheets


def _disguised_strings(content: bytes) -> set[str]:
    """Numbers of the shared strings of which a part is set apart from what it is read as."""
    return {
        str(number)
        for number, item in enumerate(_elements(content, "si") if content else ())
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
    for item in _elements(content, "c"):
        reference = item.attrib.get("r", "")
        matched = re.fullmatch(r"([A-Z]{1,3})([1-9]\d{0,6})", reference)
        if matched is None:
            raise _refused(file, f"单元格没有位置（{reference}）", "Excel 保存的工作簿")
        column = _column_number(matched[1])
        row = int(matched[2]) - 1
        if row >= MAX_ROWS or column >= MAX_COLUMNS:
            seen = f"{letters(column)}{row + 1} 处有单元格"
            expected = f"不超过 {MAX_ROWS} 行、{MAX_COLUMNS} 列"
            raise UnreadableError(Problem(file, row + 1, None, seen, expected, sheet=name))
        place = (row, column)
        if place in sheet.formats:
            raise _refused(file, f"单元格 {reference} 出现两次", "Excel 保存的工作簿")
        style = int(item.attrib.get("s", 0))
        sheet.formats[place] = formats[style] if style < len(formats) else ""
        children = {child.tag.rpartition("}")[2]: child.text for child in item}
        if "f" in children:
            sheet.formulas.add(place)
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


def _elements(content: bytes, name: str) -> Iterator[ElementTree.Element]:
    """Elements of a local name, as they end."""
    for _, item in ElementTree.iterparse(io.BytesIO(content)):  # noqa: S314 - as above
        if item.tag.rpartition("}")[2] == name:
            yield item
            item.clear()


def _column_number(name: str) -> int:
    number = 0
    for letter in name:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _cell(value: object, sheet: _Sheet, place: tuple[int, int]) -> ReceivedCell:
    if place in sheet.formulas:
        return ReceivedCell(str(value), "formula")
    if place in sheet.errors:
        return ReceivedCell(sheet.errors[place], "error")
    if isinstance(value, bool):
        return ReceivedCell("TRUE" if value else "FALSE", "boolean")
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        value = value.date()
    if isinstance(value, datetime.datetime | datetime.time | datetime.timedelta):
        return ReceivedCell(str(value), "disguised")
    if isinstance(value, datetime.date):
        return ReceivedCell(value.isoformat(), "date")
    if isinstance(value, int | float):
        return _number(value, sheet.formats.get(place, ""))
    text = str(value)
    if not text.strip():
        return BLANK
    if place in sheet.disguised:
        return ReceivedCell(text, "disguised")
    return ReceivedCell(
        text, "error" if any(ord(each) < 32 and each not in "\t\r\n" for each in text) else "text"
    )


def _number(value: float, code: str) -> ReceivedCell:
    """A number as the shortest decimal text that stands for it, in percent where so shown."""
    if not math.isfinite(value):
        return ReceivedCell(str(value), "error")
    exact = Decimal(repr(value))
    if len(exact.normalize().as_tuple().digits) > EXACT_DIGITS:
        # What a calculation leaves behind, such as 0.30000000000000004.
        return ReceivedCell(repr(value), "error")
    seen = seen_number(exact, code)
    if seen is None:
        return ReceivedCell(plain_figure(exact), "disguised")
    kind: Kind = "percent" if seen.is_percent else "number"
    return ReceivedCell(plain_figure(seen.value), kind, seen.decimals)


def _refused(file: str, seen: str, expected: str) -> UnreadableError:
    return UnreadableError(Problem(file, None, None, seen, expected))
