"""Reading of the tables of a page, as systems export them under the name of a workbook."""

import re

from lxml import etree, html

from ywtb.assessment.problem import Problem
from ywtb.intake.cells import typed_cell
from ywtb.intake.office_archive import refused
from ywtb.intake.sheets import Range, put
from ywtb.intake.tables import MAX_COLUMNS, MAX_ROWS, ReceivedCell, Table, UnreadableError
from ywtb.intake.text_file import decode

_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide", re.IGNORECASE)
_RAISED = ("sup", "sub", "s", "strike", "del")
_LEFT_OUT = ("script", "style", "template", "noscript")
MAX_TITLES = 12


def read_html(file: str, data: bytes) -> list[Table]:
    """Read every table of a page, with the lines before it.

    Raises:
        UnreadableError: hidden rows, a table that is too large, or no table.
    """
    parser = html.HTMLParser(no_network=True, huge_tree=False, remove_comments=True)
    text = re.sub(r"^\s*<\?xml[^>]*>", "", _decoded(file, data))
    root = html.document_fromstring(text, parser=parser)
    etree.strip_elements(root, *_LEFT_OUT, with_tail=False)
    found = [each for each in root.iter("table") if each.find(".//table") is None]
    tables: list[Table] = []
    for element in found:
        name = f"表{len(tables) + 1}"
        rows, merges = _grid(file, name, element)
        if any(not cell.is_blank for row in rows for cell in row):
            titles = () if tables else tuple(_titles(root, element))
            tables.append(Table(file, name, rows, merges, titles))
    if not tables:
        raise refused(file, "网页中没有表格", "另存为 .xlsx 的工作簿")
    return tables


def _decoded(file: str, data: bytes) -> str:
    """The text of a page, in the encoding that it names if it holds."""
    named = _CHARSET.search(data[:4000])
    if named is not None:
        encoding = named[1].decode("ascii").lower()
        encoding = {"gb2312": "gb18030", "gbk": "gb18030", "utf-8": "utf-8-sig"}.get(
            encoding, encoding
        )
        if encoding in ("gb18030", "utf-8-sig"):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                pass
    return decode(file, data)


def _titles(root: etree._Element, table: etree._Element) -> list[str]:
    """Lines before a table: its caption, headings and the title of the page."""
    lines: list[str] = []
    for item in root.iter():
        if item is table:
            break
        if isinstance(item.tag, str) and item.tag not in ("meta", "link", "table"):
            lines += [each for each in (item.text, item.tail) if each]
    caption = table.find("caption")
    lines += [] if caption is None else [caption.text_content()]
    return [" ".join(line.split()) for line in lines if line.strip()][-MAX_TITLES:]


def _grid(
    file: str, name: str, table: etree._Element
) -> tuple[list[list[ReceivedCell]], tuple[Range, ...]]:
    """Cells of a table by row and column, and its merged ranges."""
    rows: list[list[ReceivedCell]] = []
    merges: list[Range] = []
    taken: set[tuple[int, int]] = set()
    for row, line in enumerate(table.iter("tr")):
        column = 0
        for item in line.iterchildren("td", "th"):
            while (row, column) in taken:
                column += 1
            down, right = (_span(item, each) for each in ("rowspan", "colspan"))
            if row + down > MAX_ROWS or column + right > MAX_COLUMNS:
                expected = f"不超过 {MAX_ROWS} 行、{MAX_COLUMNS} 列"
                raise UnreadableError(
                    Problem(file, row + 1, None, "表格过大", expected, sheet=name)
                )
            for each in (line, *item.iter()):
                if _HIDDEN.search(each.get("style") or "") or each.get("hidden") is not None:
                    seen, expected = "隐藏的行或单元格", "没有隐藏的内容"
                    raise UnreadableError(Problem(file, row + 1, None, seen, expected, sheet=name))
            put(rows, row, column, _cell(item))
            if down > 1 or right > 1:
                merges.append((row, column, row + down - 1, column + right - 1))
                taken |= {
                    (row + below, column + beside)
                    for below in range(down)
                    for beside in range(right)
                }
            column += right
    return rows, tuple(merges)


def _span(item: etree._Element, name: str) -> int:
    text = (item.get(name) or "1").strip()
    return max(1, min(int(text), MAX_ROWS + 1)) if text.isdecimal() and text.isascii() else 1


def _cell(item: etree._Element) -> ReceivedCell:
    for line_break in item.iter("br"):
        line_break.tail = "\n" + (line_break.tail or "")
    text = "\n".join(" ".join(line.split()) for line in item.text_content().split("\n")).strip()
    is_raised = any(True for _ in item.iter(*_RAISED))
    return ReceivedCell(text, "disguised") if text and is_raised else typed_cell(text)
