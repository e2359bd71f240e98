"""A corpus of bad inputs: each is refused by name, and nothing is written."""

import errno
import io
import json
import os
import re
import socket
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.workbook import Workbook
from typer.testing import CliRunner

from conftest import Sandbox
from intake_months import (
    FOLDER,
    MONTH,
    Sheet,
    Sheets,
    copy_seeds,
    empty_template,
    filled_workbook,
    layout_of,
    random_month,
    tree_hash,
    workbook_bytes,
    write_csvs,
)
from ywtb.assessment.reference import Reference
from ywtb.cli import app
from ywtb.intake import file_reader
from ywtb.intake.file_reader import FileReader
from ywtb.intake.ingest import ingest
from ywtb.intake.layout import Layout
from ywtb.intake.sources import read_sources
from ywtb.intake.tables import letters
from ywtb.lock import writer_lock
from ywtb.project import Project

SEED = 20230701


@dataclass
class Good:
    """A valid month: what a case spoils."""

    project: Project
    layout: Layout
    workbook: bytes

    @property
    def sheets(self) -> Sheets:
        return random_month(self.layout, SEED)


Build = Callable[[Good, Path], list[Path]]
Case = tuple[str, Build, tuple[str, ...]]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Good]:
    folder = tmp_path_factory.mktemp("good")
    project = copy_seeds(folder / "project")
    layout = layout_of(project)
    template = empty_template(project, folder)
    filled = filled_workbook(template, layout, random_month(layout, SEED))
    here = Path.cwd()
    os.chdir(project.root)
    yield Good(project, layout, workbook_bytes(filled))
    os.chdir(here)


def seed_name(feed: str) -> str:
    return f"raw_{feed}__{FOLDER}.csv"


def table(feed: str, change: Callable[[Sheet], object]) -> Build:
    """The month as CSV files, one of them with changed cells."""

    def build(good: Good, folder: Path) -> list[Path]:
        sheets = good.sheets
        change(sheets[feed])
        return [write_csvs(folder, good.layout, sheets)]

    return build


def content(feed: str, change: Callable[[bytes], bytes], name: str | None = None) -> Build:
    """The month as CSV files, one of them with changed bytes and perhaps another name."""

    def build(good: Good, folder: Path) -> list[Path]:
        write_csvs(folder, good.layout, good.sheets)
        path = folder / seed_name(feed)
        data = change(path.read_bytes())
        path.unlink()
        (folder / (name or path.name)).write_bytes(data)
        return [folder]

    return build


def book(change: Callable[[Workbook], object], name: str = "数据.xlsx") -> Build:
    """The month as a workbook with changes."""

    def build(good: Good, folder: Path) -> list[Path]:
        workbook = openpyxl.load_workbook(io.BytesIO(good.workbook))
        change(workbook)
        (folder / name).write_bytes(workbook_bytes(workbook))
        return [folder / name]

    return build


def instead(feed: str, data: bytes, name: str) -> Build:
    """The month as CSV files, one of them replaced."""
    return content(feed, lambda _: data, name)


def packed(change: Callable[[bytes], bytes], name: str = "数据.xlsx") -> Build:
    """The month as a workbook with changed bytes."""

    def build(good: Good, folder: Path) -> list[Path]:
        (folder / name).write_bytes(change(good.workbook))
        return [folder / name]

    return build


def cell(feed: str, row: int, column: int, value: str) -> Build:
    def change(rows: Sheet) -> None:
        rows[row][column] = value

    return table(feed, change)


def book_cell(label: str, place: str, value: Any, number_format: str | None = None) -> Build:
    def change(workbook: Workbook) -> None:
        workbook[label][place].value = value
        if number_format is not None:
            workbook[label][place].number_format = number_format

    return book(change)


def part(pattern: str, old: str, new: str) -> Callable[[bytes], bytes]:
    """Replace text in the parts of a zip whose name matches."""

    def change(data: bytes) -> bytes:
        written = io.BytesIO()
        count = 0
        with (
            zipfile.ZipFile(io.BytesIO(data)) as source,
            zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as target,
        ):
            for entry in source.infolist():
                text = source.read(entry)
                if re.fullmatch(pattern, entry.filename):
                    count += len(re.findall(old.encode(), text))
                    text = re.sub(old.encode(), new.encode(), text, count=1)
                target.writestr(entry, text)
        assert count
        return written.getvalue()

    return change


def number(text: str) -> Callable[[bytes], bytes]:
    """Put a number, as text, into the first cell of 运行效能."""
    return first_cell(f'<c r="B4"><v>{text}</v></c>')


def first_cell(new: str) -> Callable[[bytes], bytes]:
    """Put a cell in the place of the first one of 运行效能."""
    return part(r"xl/worksheets/sheet4\.xml", '<c r="B4".*?</c>', new)


def long_text(text: str) -> str:
    return f'<c r="B4" t="inlineStr"><is><t>{text}</t></is></c>'


def related(kind: str, target: str = "x.xml") -> Callable[[bytes], bytes]:
    """Let the workbook have a part of a kind, called like a harmless one."""
    new = f'<Relationship Id="x" Type="{RELATIONSHIPS}/{kind}" Target="{target}"/></Relationships>'
    return part(r"xl/_rels/workbook\.xml\.rels", "</Relationships>", new)


def one_text_in_many_cells(data: bytes) -> bytes:
    """A small workbook with 8 GB of text in its cells."""
    rows = "".join(
        f'<row r="{row}">'
        + "".join(f'<c r="{letters(column)}{row}" t="s"><v>0</v></c>' for column in range(20))
        + "</row>"
        for row in range(1, 21)
    )
    data = part(r"xl/worksheets/sheet4\.xml", "(?s)<row .*</row>", rows)(data)
    texts = f'<sst xmlns="{SPREADSHEET}"><si><t>{"x" * 20_000_000}</t></si></sst>'
    data = with_part("xl/sharedStrings.xml", texts.encode())(data)
    return related("sharedStrings", "sharedStrings.xml")(data)


RAISED = '{cell}<r><t>1</t></r><r><rPr><vertAlign val="superscript"/></rPr><t>2</t></r>{end}'
"""A text of which a person sees 1 and a small 2 above it."""


def shared_raised(data: bytes) -> bytes:
    """Put a shared text with a raised digit into the first cell of 运行效能."""
    texts = f'<sst xmlns="{SPREADSHEET}">{RAISED.format(cell="<si>", end="</si>")}</sst>'
    data = with_part("xl/sharedStrings.xml", texts.encode())(data)
    data = related("sharedStrings", "sharedStrings.xml")(data)
    return first_cell('<c r="B4" t="s"><v>0</v></c>')(data)


def merged_again_and_again(data: bytes) -> bytes:
    """A workbook whose title is merged 50,000 times, and two of its cells as well."""
    titles = '<mergeCell ref="A1:XFD1"/>' * 50_000
    new = f'</sheetData><mergeCells>{titles}<mergeCell ref="B4:B6"/></mergeCells>'
    return part(r"xl/worksheets/sheet3\.xml", "</sheetData>", new)(data)


def with_part(name: str, data: bytes) -> Callable[[bytes], bytes]:
    """Add a part to a zip."""

    def change(workbook: bytes) -> bytes:
        written = io.BytesIO(workbook)
        with zipfile.ZipFile(written, "a", zipfile.ZIP_DEFLATED) as target:
            target.writestr(name, data)
        return written.getvalue()

    return change


def widen(heading: str, value: str, at: int = 99) -> Callable[[Sheet], None]:
    def change(sheet: Sheet) -> None:
        for row in sheet:
            row.insert(at, heading if row is sheet[0] else value)

    return change


def swap(one: int, other: int, rows: slice) -> Callable[[Sheet], None]:
    def change(sheet: Sheet) -> None:
        for row in sheet[rows]:
            row[one], row[other] = row[other], row[one]

    return change


def swap_headings(workbook: Workbook) -> None:
    sheet = workbook["证照应用"]
    sheet["B2"].value, sheet["C2"].value = sheet["C2"].value, sheet["B2"].value


def huge(good: Good, folder: Path) -> list[Path]:
    write_csvs(folder, good.layout, good.sheets)
    os.truncate(folder / seed_name("licenses"), 200_000_000)
    return [folder]


def huge_workbook(good: Good, folder: Path) -> list[Path]:
    path = folder / "数据.xlsx"
    path.write_bytes(good.workbook)
    os.truncate(path, 200_000_000)
    return [path]


def link(good: Good, folder: Path) -> list[Path]:
    outside = write_csvs(folder / "outside", good.layout, good.sheets)
    inside = write_csvs(folder / "inside", good.layout, good.sheets)
    (inside / seed_name("licenses")).unlink()
    (inside / seed_name("licenses")).symlink_to(outside / seed_name("licenses"))
    return [inside]


def pipe(good: Good, folder: Path) -> list[Path]:
    write_csvs(folder, good.layout, good.sheets)
    (folder / seed_name("licenses")).unlink()
    os.mkfifo(folder / seed_name("licenses"))
    return [folder]


def named(name: str) -> Build:
    return content("licenses", lambda data: data, name)


def twice(good: Good, folder: Path) -> list[Path]:
    """A month, and a part of it that says something else of a unit's first cell."""
    one = write_csvs(folder / "a", good.layout, good.sheets)
    sheets = good.sheets
    sheets["licenses"][1][1] = "12.5%" if sheets["licenses"][1][1] != "12.5%" else "12.6%"
    other = write_csvs(folder / "b", good.layout, {"licenses": sheets["licenses"]})
    return [one, other / seed_name("licenses")]


def nothing(good: Good, folder: Path) -> list[Path]:
    return [folder]


def without(feed: str) -> Build:
    def build(good: Good, folder: Path) -> list[Path]:
        sheets = good.sheets
        del sheets[feed]
        return [write_csvs(folder, good.layout, sheets)]

    return build


def other_month(good: Good, folder: Path) -> list[Path]:
    path = folder / "raw_licenses__2023_08.csv"
    write_csvs(folder, good.layout, good.sheets)
    (folder / seed_name("licenses")).rename(path)
    return [folder]


def only_an_unknown_sheet(workbook: Workbook) -> None:
    workbook.create_sheet("备份").append(["x"])
    for name in workbook.sheetnames[:-1]:
        del workbook[name]


def ole(name: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + name.encode("utf-16-le")


FOREIGN = (
    ("licenses.pdf", b"%PDF-1.7\n", ("licenses.pdf：PDF 文件", "电子表格")),
    ("licenses.xlsx", b"\x89PNG\r\n", ("licenses.xlsx：图片", "电子表格")),
    ("licenses.jpg", b"\xff\xd8\xff\xe0", ("licenses.jpg：图片", "电子表格")),
    ("licenses.doc", ole("WordDocument"), ("licenses.doc：旧版 Word 文档", "另存为 .docx")),
    ("a.xlsx", ole("EncryptedPackage"), ("a.xlsx：加了密的 Office 文件", "去掉密码")),
    ("licenses.rar", b"Rar!\x1a\7", ("licenses.rar：RAR 压缩包", ".zip")),
    ("licenses.xml", b"<?xml version='1.0'?><a/>", ("licenses.xml：XML 文件", "另存为 .xlsx")),
)
"""Files by name and content, and what is said of them."""

RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LICENSES = seed_name("licenses")
RATE = ("licenses", 1, 1)
COUNT = ("efficiency", 1, 1)
RATE_PLACE = (LICENSES, "第2行", "市发展改革委", "“证照生产率”列")
COUNT_PLACE = (seed_name("efficiency"), "第2行", "市发展改革委", "“超时件数”列")
RATE_CELL = ("数据.xlsx", "[证照应用]", "第4行", "市发展改革委", "“证照生产率”列")
COUNT_CELL = ("数据.xlsx", "[运行效能]", "第4行", "市发展改革委", "“超时件数”列")
BOM = b"\xef\xbb\xbf"

CASES: list[Case] = [
    # Values.
    ("over 100%", cell(*RATE, "120%"), (*RATE_PLACE, "“120%”", "不大于 100")),
    ("negative rate", cell(*RATE, "-1%"), (*RATE_PLACE, "“-1%”", "不小于 0")),
    ("letter O", cell(*RATE, "12O%"), (*RATE_PLACE, "“12O%”", "百分率，如 99.58%")),
    ("proportion", cell(*RATE, "0.9958"), (*RATE_PLACE, "“0.9958”", "0.9958% 或 99.58%")),
    ("one", cell(*RATE, "1"), (*RATE_PLACE, "“1”", "1% 或 100%")),
    ("two percent signs", cell(*RATE, "99%%"), (*RATE_PLACE, "“99%%”")),
    ("per mille", cell(*RATE, "995‰"), (*RATE_PLACE, "“995‰”")),
    ("bare over 100", cell(*RATE, "9958"), (*RATE_PLACE, "“9958”", "不大于 100")),
    ("negative zero", cell(*RATE, "-0%"), (*RATE_PLACE, "“-0%”")),
    ("seven decimals", cell(*RATE, "99.1234567%"), (*RATE_PLACE, "99.1234567%")),
    ("decimal comma", cell(*RATE, "99,58%"), (*RATE_PLACE, "“99,58%”")),
    ("inner space", cell(*RATE, "9 9.58%"), (*RATE_PLACE, "“9 9.58%”")),
    ("word", cell(*RATE, "较高"), (*RATE_PLACE, "“较高”")),
    ("negative count", cell(*COUNT, "−1"), (*COUNT_PLACE, "“−1”", "不小于 0")),
    ("overflow", cell(*COUNT, "1e400"), (*COUNT_PLACE, "“1e400”", "整数，如 12")),
    ("not a number", cell(*COUNT, "NaN"), (*COUNT_PLACE, "“NaN”")),
    ("fraction of a case", cell(*COUNT, "1.5"), (*COUNT_PLACE, "“1.5”")),
    ("broken thousands", cell(*COUNT, "1,23"), (*COUNT_PLACE, "“1,23”")),
    ("unknown unit of a count", cell(*COUNT, "3元"), (*COUNT_PLACE, "“3元”")),
    ("leading zero", cell(*COUNT, "007"), (*COUNT_PLACE, "“007”")),
    ("eight digits", cell(*COUNT, "12345678"), (*COUNT_PLACE, "“12345678”", "至多七位")),
    ("rate as count", cell(*COUNT, "5%"), (*COUNT_PLACE, "“5%”")),
    ("formula in text", cell(*COUNT, "=1+1"), (*COUNT_PLACE, "“=1+1”", "不用公式")),
    (
        "formula in a measure",
        cell("construction", 1, 7, '=HYPERLINK("x")'),
        (seed_name("construction"), "第2行", "推进并联审批改革情况", "HYPERLINK"),
    ),
    (
        "too many points",
        cell("special_work", 1, 10, "2.01"),
        (seed_name("special_work"), "第2行", "任务落实情况得分", "不大于 2"),
    ),
    (
        "beyond the weight",
        cell("published_scores", 1, 1, "22.01"),
        (seed_name("published_scores"), "第2行", "事项梳理得分", "不大于 22"),
    ),
    (
        "not the group's",
        cell("subsites", 1, 1, "0"),
        (seed_name("subsites"), "第2行", "市发展改革委", "分站点开通情况", "不考核"),
    ),
    # City-level figures.
    (
        "unknown metric",
        cell("city_metrics", 1, 0, "通报期数"),
        (seed_name("city_metrics"), "第2行", "“通报期数”", "最接近的是“通报期号”"),
    ),
    (
        "bad rank",
        cell("city_metrics", 4, 2, "第一"),
        (seed_name("city_metrics"), "第5行", "运行效能全省排名", "“第一”", "正整数"),
    ),
    (
        "metric without value",
        cell("city_metrics", 1, 1, "—"),
        (seed_name("city_metrics"), "第2行", "通报期号", "整数"),
    ),
    (
        "metric twice",
        table("city_metrics", lambda rows: rows.append(rows[1])),
        (seed_name("city_metrics"), "第29行", "第2行"),
    ),
    # Units.
    (
        "unknown unit",
        cell("licenses", 2, 0, "市经信委"),
        (LICENSES, "第3行", "“市经信委”", "最接近的是“市经信局”"),
    ),
    (
        "duplicated unit",
        table("licenses", lambda rows: rows.append(rows[1])),
        (LICENSES, "第51行", "市发展改革委", "已见于", "第2行"),
    ),
    (
        "unit under two names",
        table("licenses", lambda rows: rows.append(["市发改委", *rows[1][1:]])),
        (LICENSES, "第51行", "市发展改革委", "第2行"),
    ),
    ("row without unit", cell("licenses", 1, 0, ""), (LICENSES, "第2行", "空白", "名册")),
    (
        "total row",
        table("efficiency", lambda rows: rows.append(["合计", "1", "1", "—"])),
        (seed_name("efficiency"), "第51行", "“合计”"),
    ),
    (
        "wrong group",
        table("licenses", widen("组别", "B组", 1)),
        (LICENSES, "第2行", "组别 “B组”", "A组"),
    ),
    # Columns.
    (
        "extra column",
        table("licenses", widen("得分", "1")),
        (LICENSES, "第1行", "“得分”列", "未知的列"),
    ),
    (
        "column without heading",
        table("licenses", widen("", "1")),
        (LICENSES, "“G”列", "没有表头"),
    ),
    (
        "duplicate column",
        table("licenses", widen("证照生产率", "—")),
        (LICENSES, "“证照生产率”列", "与 B 列重复"),
    ),
    (
        "nearly a heading",
        cell("licenses", 0, 4, "新增证照未签章率"),
        (LICENSES, "“新增证照未签章率”列", "最接近的是“新增证照签章率”"),
    ),
    (
        "swapped headings",
        table("licenses", swap(4, 5, slice(0, 1))),
        (LICENSES, "“新增未签章数”列", "整数"),
    ),
    (
        "swapped cells",
        table("licenses", swap(4, 5, slice(1, None))),
        (LICENSES, "“新增未签章数”列", "整数"),
    ),
    (
        "swapped in the template",
        book(swap_headings),
        ("[证照应用]", "第2行", "“证照补录率”列", "隐藏行"),
    ),
    (
        "another table's columns",
        content("licenses", lambda _: "单位,超时件数\n市档案局,1\n".encode()),
        (LICENSES, "列名不属于该表"),
    ),
    ("no header", table("licenses", lambda rows: rows.pop(0)), (LICENSES, "没有表头")),
    # Files as text.
    ("empty file", content("licenses", lambda _: b""), (LICENSES, "空文件")),
    ("only a mark", content("licenses", lambda _: BOM), (LICENSES, "没有内容")),
    ("only blanks", content("licenses", lambda _: b" ,\n,,\n"), (LICENSES, "没有内容")),
    (
        "NUL bytes",
        content("licenses", lambda data: data[:300] + b"\0" + data[300:]),
        (LICENSES, "NUL"),
    ),
    (
        "control",
        content("licenses", lambda data: data[:300] + b"\x1b[2J" + data[300:]),
        (LICENSES, "控制字符"),
    ),
    (
        "broken UTF-8",
        content("licenses", lambda data: data[:200] + b"\xff\xff" + data[200:]),
        (LICENSES, "编码"),
    ),
    (
        "Big5",
        content("licenses", lambda _: "單位,證照生產率\n".encode("big5")),
        (LICENSES, "没有表头"),
    ),
    (
        "half UTF-16",
        content("licenses", lambda data: data.decode().encode("utf-16")[:-1]),
        (LICENSES, "编码"),
    ),
    ("open quote", content("licenses", lambda data: data + b'"'), (LICENSES, "不是完整的 CSV")),
    (
        "too many rows",
        content("licenses", lambda data: data + b"x,\n" * 3000),
        (LICENSES, "表格过大"),
    ),
    ("200 MB", huge, (LICENSES, "200000000 字节")),
    (
        "long text",
        cell("construction", 1, 7, "长" * 32_768),
        (seed_name("construction"), "第2行", "“H”列", "32768 个字符", "32767"),
    ),
    (
        "very long text",
        cell("construction", 1, 7, "长" * 200_000),
        (seed_name("construction"), "第2行", "“H”列", "200000 个字符"),
    ),
    ("two parts that disagree", twice, (LICENSES, "第2行", "“12.", "一致（", " B2）")),
    ("another month", other_month, ("raw_licenses__2023_08.csv", "2023-08", "2023-07")),
    (
        "another month in the title",
        content("licenses", lambda data: "2023年1—6月情况\n".encode() + data),
        (LICENSES, "2023-06", "2023-07"),
    ),
    # Names and kinds of files.
    ("backslash", named("..\\..\\licenses.csv"), ("..\\..\\licenses.csv", "文件名")),
    ("line break in a name", named("a\nb.csv"), ("a\\u000ab.csv", "文件名")),
    ("line separator in a name", named("a\u2028b.csv"), ("a\\u2028b.csv", "文件名")),
    ("turned writing in a name", named("a\u202evsc.csv"), ("文件名",)),
    ("link", link, (LICENSES, "链接")),
    ("pipe", pipe, (LICENSES, "不是普通文件")),
    *(
        (f"{order} foreign file", instead("licenses", each, name), parts)
        for order, (name, each, parts) in enumerate(FOREIGN)
    ),
    (
        "workbook named CSV",
        content("licenses", lambda _: b"PK\x03\x04"),
        (LICENSES, "不是完整的工作簿"),
    ),
    ("empty folder", nothing, ("没有可读的文件",)),
    # Workbooks as files.
    ("truncated", packed(lambda data: data[:5000]), ("数据.xlsx", "不是完整的")),
    ("half a part", packed(lambda data: data[:3000] + data[4000:]), ("数据.xlsx", "不是完整的")),
    (
        "flipped bytes",
        packed(lambda data: data[:1000] + b"\0" * 50 + data[1050:]),
        ("数据.xlsx", "不是完整的"),
    ),
    ("text named xlsx", packed(lambda _: b"a,b\n"), ("数据.xlsx", "没有表头")),
    ("old xls", packed(lambda _: b"\xd0\xcf\x11\xe0" + b"\0" * 600), ("数据.xlsx", "不是完整的")),
    ("empty zip", packed(lambda _: b"PK\x05\x06" + b"\0" * 18), ("数据.xlsx", "压缩包是空的")),
    ("large workbook", huge_workbook, ("数据.xlsx", "200000000 字节")),
    ("zip bomb", packed(with_part("xl/bomb.xml", b"0" * 400_000_000)), ("数据.xlsx", "压缩炸弹")),
    ("path in the zip", packed(with_part("../../evil.xml", b"x")), ("数据.xlsx", "路径指向包外")),
    ("macro", packed(with_part("xl/vbaProject.bin", b"x")), ("数据.xlsx", "宏")),
    ("macro by another name", packed(related("vbaProject")), ("数据.xlsx", "宏")),
    ("macro sheet", packed(with_part("xl/macrosheets/sheet1.xml", b"x")), ("数据.xlsx", "宏")),
    ("OLE", packed(with_part("xl/embeddings/oleObject1.bin", b"x")), ("数据.xlsx", "OLE")),
    ("OLE by another name", packed(related("oleObject")), ("数据.xlsx", "OLE")),
    ("ActiveX", packed(with_part("xl/activeX/activeX1.bin", b"x")), ("数据.xlsx", "ActiveX")),
    ("ActiveX by another name", packed(related("control")), ("数据.xlsx", "ActiveX")),
    (
        "DDE",
        packed(with_part("xl/externalLinks/externalLink1.xml", b'<a:ddeLink ddeService="cmd"/>')),
        ("数据.xlsx", "DDE"),
    ),
    ("one text in many cells", packed(one_text_in_many_cells), ("数据.xlsx", "内存")),
    (
        "long text in a workbook",
        packed(first_cell(long_text("长" * 32_768))),
        ("数据.xlsx", "[运行效能]", "第4行", "“B”列", "32768 个字符"),
    ),
    (
        "merged again and again",
        packed(merged_again_and_again),
        ("[证照应用]", "第4行", "B4:B6"),
    ),
    (
        "entities",
        packed(part(r"xl/styles\.xml", "<styleSheet", '<!DOCTYPE a [<!ENTITY b "c">]><styleSheet')),
        ("数据.xlsx", "实体"),
    ),
    (
        "far cell",
        packed(part(r"xl/worksheets/sheet3\.xml", '<c r="A4"', '<c r="XFD1048576"')),
        ("数据.xlsx", "XFD1048576"),
    ),
    (
        "another month in the name",
        book(lambda _: None, "填报表_2023-08.xlsx"),
        ("2023-08", "2023-07"),
    ),
    # Workbooks as tables.
    ("formula", book_cell("证照应用", "B4", "=1/2"), (*RATE_CELL, "不用公式")),
    ("error value", book_cell("证照应用", "B4", "#N/A"), RATE_CELL),
    ("text 12O%", book_cell("证照应用", "B4", "12O%"), (*RATE_CELL, "“12O%”")),
    ("1.2 as percent", book_cell("证照应用", "B4", 1.2), (*RATE_CELL, "“120”", "不大于 100")),
    (
        "plain proportion",
        book_cell("证照应用", "B4", 0.9958, "General"),
        (*RATE_CELL, "“0.9958”", "99.58%"),
    ),
    ("binary remainder", packed(number("0.30000000000000004")), (*COUNT_CELL, "“0.3”", "整数")),
    (
        "scaled by its format",
        book_cell("运行效能", "B4", 3000, "0,"),
        (*COUNT_CELL, "“3000”", "所见不同于所存"),
    ),
    (
        "nought shown as a dash",
        book_cell("运行效能", "B4", 0, '_ * #,##0_ ;_ * -#,##0_ ;_ * "-"_ '),
        (*COUNT_CELL, "“0”", "所见不同于所存"),
    ),
    (
        "raised digit",
        packed(first_cell(RAISED.format(cell='<c r="B4" t="inlineStr"><is>', end="</is></c>"))),
        (*COUNT_CELL, "“12”", "上下标"),
    ),
    ("raised digit in a shared text", packed(shared_raised), (*COUNT_CELL, "“12”", "上下标")),
    (
        "the same cell twice",
        packed(first_cell('<c r="B4"><v>3</v></c><c r="B4"><v>4</v></c>')),
        ("数据.xlsx", "B4 出现两次"),
    ),
    (
        "duration in a text",
        book_cell("全市指标", "B5", timedelta(hours=36), "[h]:mm"),
        ("[全市指标]", "第5行", "“数值”列", "所见不同于所存"),
    ),
    (
        "time of day in a text",
        book_cell("全市指标", "B5", datetime(2023, 8, 29, 13, 30), "yyyy-mm-dd h:mm"),
        ("[全市指标]", "第5行", "“数值”列", "所见不同于所存"),
    ),
    ("percent count", book_cell("运行效能", "B4", 0.5, "0%"), (*COUNT_CELL, "百分比格式")),
    ("date", book_cell("运行效能", "B4", 45000, "yyyy-mm-dd"), (*COUNT_CELL, "日期")),
    ("truth", book_cell("运行效能", "B4", True), (*COUNT_CELL, "逻辑值")),
    (
        "huge exponent",
        packed(number("1e400")),
        COUNT_CELL,
    ),
    (
        "unknown sheet",
        book(only_an_unknown_sheet),
        ("[备份]", "没有表头"),
    ),
    (
        "hidden sheet",
        book(lambda workbook: setattr(workbook["证照应用"], "sheet_state", "hidden")),
        ("[证照应用]", "隐藏的工作表"),
    ),
    (
        "merged units",
        book(lambda workbook: workbook["证照应用"].merge_cells("B4:B6")),
        ("[证照应用]", "第4行", "B4:B6"),
    ),
    (
        "merged headings gone",
        table("service_items", lambda rows: rows.__setitem__(0, ["部门", "", "", "", ""])),
        (seed_name("service_items"), "“B”列", "没有表头"),
    ),
    (
        "headings under the wrong one",
        table(
            "licenses",
            lambda rows: rows.__setitem__(
                slice(0, 1), [["部门", "运行效能", "", "", "", ""], ["", *rows[0][1:]]]
            ),
        ),
        (LICENSES, "“运行效能/证照生产率”列", "未知的列"),
    ),
    (
        "formula in a heading",
        book_cell("证照应用", "B2", '="证照"&"生产率"'),
        ("第2行", "不用公式"),
    ),
    (
        "control character in a heading",
        book_cell("证照应用", "B2", "证照\x9b31m生产率"),
        ("第2行", "“证照\\u009b31m生产率”列", "未知的列"),
    ),
    (
        "line break in the heading of names",
        table(
            "licenses",
            lambda rows: (rows[0].__setitem__(0, "单\n位"), rows[1].__setitem__(0, "甲局")),
        ),
        (LICENSES, "甲局", "“单\\u000a位”列"),
    ),
    (
        "line break in the name of a sheet",
        packed(
            lambda data: number("-1")(
                part(r"xl/workbook\.xml", 'name="运行效能"', 'name="运行&#10;效能"')(data)
            )
        ),
        ("[运行\\u000a效能]", "“-1”"),
    ),
    (
        "formula with a minus",
        cell("construction", 1, 7, "-1+2"),
        (seed_name("construction"), "第2行", "不以 = + - @ 开头"),
    ),
    (
        "formula with a wide minus",
        cell("construction", 1, 7, "－1+2"),
        (seed_name("construction"), "第2行", "不以 = + - @ 开头"),
    ),
    (
        "turned writing in a text",
        cell("construction", 1, 7, "开展\u202e上门服务"),
        (seed_name("construction"), "第2行", "不可见字符"),
    ),
    ("other title", book_cell("证照应用", "A1", "2023年6月证照应用"), ("[证照应用]", "2023-06")),
]


@pytest.mark.parametrize(
    ("build", "parts"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_refused(
    good: Good,
    tmp_path: Path,
    build: Build,
    parts: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Reference, "from_seeds", lambda *given: good.layout.reference)
    if "内存" not in parts:  # the reason is the same without a process for each
        monkeypatch.setattr(FileReader, "_start", lambda reader: None)
        monkeypatch.setattr(FileReader, "_end", lambda reader: None)
        monkeypatch.setattr(FileReader, "_ask", lambda reader, request: file_reader._read(request))
    sources = build(good, tmp_path)
    before = tree_hash(good.project.root)
    done = CliRunner().invoke(app, ["ingest", *map(str, sources), "--month", MONTH])
    assert done.exit_code == 1, (done.output, done.exception)
    assert isinstance(done.exception, SystemExit), repr(done.exception)
    shown = done.stderr.splitlines()
    assert any(all(part in line for part in parts) for line in shown), done.stderr
    counted = re.fullmatch(r"发现 (\d+) 处问题，什么也没有写入", shown[-1])
    assert counted is not None and int(counted[1]) >= len(shown) - 1 > 0
    assert tree_hash(good.project.root) == before
    assert not (good.project.root / ".intake").exists()


def test_the_month_is_good_but_for_what_a_case_spoils(good: Good, tmp_path: Path) -> None:
    for order, build in enumerate(
        [table("licenses", lambda rows: rows), packed(lambda data: data)]
    ):
        folder = tmp_path / str(order)
        folder.mkdir()
        project = copy_seeds(folder / "project")
        (folder / "in").mkdir()
        assert ingest(project, build(good, folder / "in"), MONTH).problems == []


def test_every_problem_is_told_at_once_and_to_programs(good: Good, tmp_path: Path) -> None:
    sheets = good.sheets
    sheets["licenses"][1][1] = "120%"
    sheets["licenses"][2][0] = "市经信委"
    sheets["efficiency"][1][1] = "-1"
    source = write_csvs(tmp_path, good.layout, sheets)
    done = CliRunner().invoke(app, ["ingest", str(source), "--month", MONTH, "--json"])
    assert done.exit_code == 1
    answer = json.loads(done.stdout)
    assert answer["is_written"] is False
    assert {
        "file": LICENSES,
        "sheet": None,
        "row": 2,
        "column": "证照生产率",
        "seen": "“120%”",
        "expected": "不小于 0，不大于 100",
        "unit": "市发展改革委",
    } in answer["problems"]
    assert [each["seen"] for each in answer["problems"]] == ["“-1”", "“120%”", "“市经信委”"]


LACKING: list[tuple[str, Build, str]] = [
    ("blank cell", cell(*COUNT, ""), "[运行效能] 市发展改革委 超时件数"),
    (
        "ranks left out",
        table("city_metrics", lambda rows: [row.pop(2) for row in rows]),
        "[全市指标] 全省排名",
    ),
    ("missing unit", table("licenses", lambda rows: rows.pop(2)), "[证照应用] 市经信局"),
    (
        "missing column",
        table("licenses", lambda rows: [row.pop(2) for row in rows]),
        "[证照应用] A组 证照补录率",
    ),
    ("missing feed", without("licenses"), "[证照应用]"),
    (
        "only a header",
        table("licenses", lambda rows: rows.__delitem__(slice(1, None))),
        "[证照应用]",
    ),
]


@pytest.mark.parametrize(
    ("build", "gap"), [case[1:] for case in LACKING], ids=[case[0] for case in LACKING]
)
def test_what_is_missing_is_waited_for(good: Good, build: Build, gap: str, tmp_path: Path) -> None:
    """Nothing is wrong with a month that is not whole yet: it is collected."""
    (tmp_path / "in").mkdir()
    outcome = ingest(copy_seeds(tmp_path / "project"), build(good, tmp_path / "in"), MONTH)
    assert outcome.problems == []
    assert (outcome.stage, outcome.is_written) == ("collecting", True)
    assert gap in map(str, outcome.missing)


def test_what_a_file_may_hold_that_cannot_be_read_is_not_called_missing(
    good: Good, tmp_path: Path
) -> None:
    path = tmp_path / "数据.xlsx"
    path.write_bytes(good.workbook[:-1000])
    (problem,) = ingest(good.project, [path], MONTH).problems
    assert (problem.file, problem.row) == (path.name, None)


HEADINGS = frozenset(["单位"])


def read(*paths: Path) -> tuple[list[str], list[str]]:
    """Names of the tables in files, and problems of files."""
    sources, problems = read_sources(paths)
    with FileReader() as reader:
        tables, unreadable = reader.tables(sources, HEADINGS)
    return [table.file for _, table in tables], [str(each) for each in (*problems, *unreadable)]


def test_a_file_that_ends_the_reader_is_named_and_the_others_are_read(
    good: Good, tmp_path: Path
) -> None:
    (tmp_path / "a.xlsx").write_bytes(one_text_in_many_cells(good.workbook))
    (tmp_path / "b.csv").write_text("单位,件数\n", encoding="utf-8")
    names, (problem,) = read(tmp_path)
    assert names == ["b.csv"]
    assert problem.startswith("a.xlsx：读取时内存用尽")


def test_a_file_that_takes_too_long_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(file_reader, "SECONDS", 0)
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("单位,件数\n", encoding="utf-8")
    names, problems = read(tmp_path)
    assert names == []
    assert [problem.partition("；")[0] for problem in problems] == [
        "a.csv：0 秒内没有读完",
        "b.csv：0 秒内没有读完",
    ]


def test_what_cannot_be_opened_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder, a file, and the source itself; root may open whatever there is."""
    for folder in ("甲", "乙", "丙"):
        (tmp_path / folder / "内").mkdir(parents=True)
        (tmp_path / folder / "内" / "a.csv").write_text("单位,件数\n", encoding="utf-8")
    begin = os.scandir

    def listed(path: Path | str) -> Any:
        if Path(path).name == "乙" or Path(path).parent.name == "甲":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return begin(path)

    def opened(path: Path) -> bytes:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", listed)
    assert read(tmp_path) == (
        ["丙/内/a.csv"],
        [f"{name}：打不开（没有权限）；应为：可以读取的文件和文件夹" for name in ("乙", "甲/内")],
    )
    assert [problem.partition("（")[0] for problem in read(tmp_path / "乙")[1]] == ["乙：打不开"]
    monkeypatch.setattr(Path, "read_bytes", opened)
    assert [problem.partition("（")[0] for problem in read(tmp_path / "丙")[1]] == [
        "内/a.csv：打不开"
    ]


def test_what_is_no_file_is_named_and_never_waited_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket must be short
    os.mkfifo("pipe.csv")
    Path("broken.csv").symlink_to("nowhere.csv")
    Path("round").symlink_to(".")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.csv")
        names, problems = read(tmp_path)
    assert (names, [problem.partition("；")[0] for problem in problems]) == (
        [],
        [
            "broken.csv：是一个链接",
            "pipe.csv：不是普通文件",
            "round：是一个链接",
            "socket.csv：不是普通文件",
        ],
    )
    assert len(read(Path("pipe.csv"), Path("broken.csv"), Path("/dev/zero"))[1]) == 3


def test_files_are_read_before_the_lock_is_taken(
    good: Good, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = FileReader.tables

    def locked(*arguments: Any) -> Any:
        with writer_lock(good.project, "refresh"):
            return begin(*arguments)

    monkeypatch.setattr(FileReader, "tables", locked)
    assert ingest(good.project, [tmp_path], MONTH).problems


def test_the_reader_runs_nothing_of_the_current_folder(tmp_path: Path) -> None:
    project = copy_seeds(tmp_path / "project")
    for name in ("multiprocessing", "python_calamine", "typer"):
        (project.root / f"{name}.py").write_text("raise SystemExit(f'{__file__} was run')")
    (project.root / "a.csv").write_text("x\n", encoding="utf-8")
    done = Sandbox(project.root).run("ingest", "a.csv", "--month", MONTH)
    assert "a.csv：没有表头" in done.stderr
    assert "was run" not in done.stderr


def test_the_corpus_is_large_enough() -> None:
    assert len({case[0] for case in CASES}) == len(CASES) >= 60
