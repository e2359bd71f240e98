"""One table of a month in the kinds of files that offices send, with all that stands around it."""

import io
import struct
import zipfile
from decimal import Decimal
from pathlib import Path

import docx
import xlsxwriter
from docx.document import Document

from intake_months import Sheet

TITLE = "2023年7月运行效能情况表"
PERIOD = "（7月1日—7月31日）"
HEADINGS = ("序号", "组别", "单位名称", "超时件数（件）", "差评按期整改率(%)",
            "主动评价中的差评情况", "上月超时件数", "备注")  # fmt: skip
NOTES = ("备注：", "1. 数据来源于省平台。", "填报人：张三    联系电话：0818-0000000")


def kept(rows: Sheet) -> list[tuple[str, str, str, str]]:
    """Unit, overdue cases, rate and bad reviews, in the order of the headings here."""
    return [(unit, overdue, rate, reviews) for unit, overdue, reviews, rate in rows[1:]]


def office_workbook(rows: Sheet, groups: dict[str, str]) -> bytes:
    """The table of 运行效能 as a workbook of an office: totals, remarks, merged groups, formulas.

    Args:
        rows: header and rows of the feed, rates being percentages or dashes.
        groups: name of the group by unit.
    """
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Sheet1")
        percent = book.add_format({"num_format": "0.00%"})
        sheet.merge_range(0, 0, 0, 7, TITLE)
        sheet.merge_range(1, 0, 1, 7, PERIOD)
        sheet.write_row(2, 0, HEADINGS)
        total = 0
        first: dict[str, int] = {}
        for row, (unit, overdue, rate, reviews) in enumerate(kept(rows), start=3):
            first.setdefault(groups[unit], row)
            sheet.write_number(row, 0, row - 2)
            sheet.write_string(row, 2, f"{row - 2}.达州{unit}" if unit == "市水务局" else unit)
            if overdue == "—":
                sheet.write_string(row, 3, "无")
            else:
                sheet.write_formula(row, 3, f"={overdue}+0", None, int(overdue))
            if rate == "—":
                sheet.write_string(row, 4, "/")
            else:
                sheet.write_number(row, 4, float(Decimal(rate[:-1]) / 100), percent)
            sheet.write_string(row, 5, reviews if reviews == "—" else f"{int(reviews):,} 件")
            sheet.write_number(row, 6, 5)
            sheet.write_string(row, 7, "已核")
            total += 0 if overdue == "—" else int(overdue)
        last = row
        starts = [*first.values(), last + 1]
        for (group, start), end in zip(first.items(), starts[1:], strict=True):
            sheet.merge_range(start, 1, end - 1, 1, group)
        sheet.merge_range(last + 1, 0, last + 1, 2, "合计")
        sheet.write_number(last + 1, 3, total)
        for below, note in enumerate(NOTES, start=last + 2):
            sheet.merge_range(below, 0, below, 7, note)
        other = book.add_worksheet("通讯录")
        other.write_row(0, 0, ["姓名", "手机"])
        other.write_row(1, 0, ["张三", "13800000000"])
    return content.getvalue()


def office_document(rows: Sheet) -> bytes:
    """The same table in a Word document, its notes below it."""
    document: Document = docx.Document()
    document.add_paragraph(TITLE)
    document.add_paragraph(PERIOD)
    table = document.add_table(rows=1, cols=4)
    for cell, text in zip(table.rows[0].cells, HEADINGS[2:6], strict=True):
        cell.text = text
    for line in kept(rows):
        for cell, text in zip(table.add_row().cells, line, strict=True):
            cell.text = text
    for note in NOTES:
        document.add_paragraph(note)
    content = io.BytesIO()
    document.save(content)
    return content.getvalue()


def office_page(rows: Sheet, encoding: str) -> bytes:
    """The same table as a page that a system calls a workbook."""
    lines = "".join(
        f"<tr>{''.join(f'<td>{text}</td>' for text in line)}</tr>" for line in kept(rows)
    )
    head = "".join(f"<th>{text}</th>" for text in HEADINGS[2:6])
    page = (
        f'<html><head><meta http-equiv="Content-Type" content="text/html; charset={encoding}">'
        f"<title>{TITLE}</title><script>var x = '<td>1</td>';</script></head><body>"
        f'<table border="1"><tr><td colspan="4">{TITLE}</td></tr><tr>{head}</tr>{lines}</table>'
        "</body></html>"
    )
    return page.encode(encoding)


ODS = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">
<office:automatic-styles><style:style style:name="ta1" style:family="table">
<style:table-properties table:display="{display}"/></style:style></office:automatic-styles>
<office:body><office:spreadsheet><table:table table:name="Sheet1" table:style-name="ta1">
{rows}<table:table-row table:number-rows-repeated="1048000">
<table:table-cell table:number-columns-repeated="16384"/></table:table-row>
</table:table></office:spreadsheet></office:body></office:document-content>"""


def office_ods(rows: Sheet, display: str = "true") -> bytes:
    """The same table as LibreOffice writes it: the text that is seen beside the value."""
    lines = [
        '<table:table-cell table:number-columns-spanned="4" office:value-type="string">'
        f"<text:p>{TITLE}</text:p></table:table-cell>"
        '<table:covered-table-cell table:number-columns-repeated="3"/>',
        "".join(_ods_text(text) for text in HEADINGS[2:6]),
    ]
    for unit, overdue, rate, reviews in kept(rows):
        cells = [_ods_text(unit)]
        cells.append(_ods_text(overdue) if overdue == "—" else _ods_number(overdue, "float"))
        if rate == "—":
            cells.append(_ods_text(rate))
        else:
            exact = Decimal(rate[:-1]) / 100 + Decimal("0.0000001")
            seen = f"{Decimal(rate[:-1]):.2f}%"
            cells.append(_ods_number(str(exact), "percentage", seen))
        cells.append(_ods_text(reviews))
        lines.append("".join(cells))
    body = "".join(f"<table:table-row>{line}</table:table-row>" for line in lines)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", ODS.format(rows=body, display=display))
    return content.getvalue()


def _ods_text(text: str) -> str:
    return (
        f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
    )


def _ods_number(value: str, kind: str, seen: str = "") -> str:
    return (
        f'<table:table-cell table:formula="of:=[.A1]" office:value-type="{kind}" '
        f'office:value="{value}"><text:p>{seen or f"{int(value):,}"}</text:p></table:table-cell>'
    )


RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def office_xlsb(rows: Sheet) -> bytes:
    """The same table as a binary workbook, in the few records that it needs ([MS-XLSB])."""
    formats = [_record(44, struct.pack("<H", 164) + _wide("0.00%"))]
    styles = [_record(47, struct.pack("<HH", 0, number) + b"\0" * 12) for number in (0, 164)]
    lines = [[(6, 0, _wide(text)) for text in HEADINGS[2:6]]]
    for unit, overdue, rate, reviews in kept(rows):
        cells = [(6, 0, _wide(unit))]
        if overdue == "—":
            cells.append((6, 0, _wide(overdue)))
        else:  # a formula and its result
            result = struct.pack("<dHII", float(overdue), 0, 0, 0)
            cells.append((9, 0, result))
        if rate == "—":
            cells.append((6, 0, _wide(rate)))
        else:
            cells.append((5, 1, struct.pack("<d", float(Decimal(rate[:-1]) / 100))))
        lines.append([*cells, (6, 0, _wide(reviews))])
    sheet = b""
    for row, line in enumerate(lines):
        sheet += _record(0, struct.pack("<I", row) + b"\0" * 13)
        for column, (kind, style, value) in enumerate(line):
            sheet += _record(kind, struct.pack("<II", column, style) + value)
    size = struct.pack("<IIII", 0, len(lines) - 1, 0, 3)
    bundle = struct.pack("<II", 0, 1) + _wide("rId1") + _wide("Sheet1")
    parts = {
        "[Content_Types].xml": b"<Types/>",
        "xl/_rels/workbook.bin.rels": (
            f'<Relationships><Relationship Id="rId1" Type="{RELATIONS}/worksheet" '
            'Target="worksheets/sheet1.bin"/></Relationships>'
        ).encode(),
        "xl/workbook.bin": _record(131) + _record(143) + _record(156, bundle) + _record(144)
        + _record(132),
        "xl/styles.bin": _record(278) + _record(615, struct.pack("<I", 1)) + b"".join(formats)
        + _record(616) + _record(617, struct.pack("<I", 2)) + b"".join(styles) + _record(618)
        + _record(279),
        "xl/worksheets/sheet1.bin": _record(129) + _record(148, size) + _record(145) + sheet
        + _record(146) + _record(130),
    }  # fmt: skip
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return content.getvalue()


def _record(kind: int, body: bytes = b"") -> bytes:
    number = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size, length = b"", len(body)
    while True:
        size += bytes([length & 0x7F | (0x80 if length > 0x7F else 0)])
        length >>= 7
        if not length:
            return number + size + body


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


FILES = Path(__file__).resolve().parent / "files"
"""Files that only an office program writes."""
