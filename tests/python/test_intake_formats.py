"""What offices really send arrives the same, whatever kind of file it is, and with a note of it."""

import io
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from typer.testing import CliRunner

from intake_months import (
    FOLDER,
    MONTH,
    Sheets,
    copy_seeds,
    layout_of,
    observations,
    random_month,
    seed_sheets,
    tree_hash,
    write_csvs,
)
from office_files import (
    FILES,
    office_document,
    office_ods,
    office_page,
    office_workbook,
    office_xlsb,
)
from ywtb.assessment.problem import Problem, problem_lines
from ywtb.assessment.reference import Reference
from ywtb.cli import app
from ywtb.intake import file_reader
from ywtb.intake.file_reader import FileReader
from ywtb.intake.ingest import Intake, Leave, ingest
from ywtb.intake.layout import Layout
from ywtb.intake.mentioned_months import mentioned_months
from ywtb.project import Project

SEED = 20230702


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return copy_seeds(tmp_path_factory.mktemp("formats") / "project")


@pytest.fixture(scope="module")
def layout(template: Project) -> Layout:
    return layout_of(template)


@pytest.fixture
def project(
    template: Project, layout: Layout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Project:
    """A copy to write into, whose files are read without a process for each test."""
    shutil.copytree(template.root, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setattr(Reference, "from_seeds", lambda *given: layout.reference)
    monkeypatch.setattr(FileReader, "_start", lambda reader: None)
    monkeypatch.setattr(FileReader, "_end", lambda reader: None)
    monkeypatch.setattr(FileReader, "_ask", lambda reader, request: file_reader._read(request))
    return Project(tmp_path / "project")


@pytest.fixture
def sheets(layout: Layout) -> Sheets:
    return random_month(layout, SEED)


def groups(layout: Layout) -> dict[str, str]:
    return {unit["unit_name"]: unit["group_name"] for unit in layout.reference.units}


def take(
    project: Project, layout: Layout, sheets: Sheets, files: dict[str, bytes], **options: Any
) -> Intake:
    """Take a month in: `files` in place of the table of 运行效能, the others as text."""
    folder = project.root.parent / "in"
    others = {name: rows for name, rows in sheets.items() if name != "efficiency"}
    write_csvs(folder, layout, others)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return ingest(project, [folder], MONTH, **options)


def problems(outcome: Intake) -> list[str]:
    return [str(problem) for problem in outcome.problems]


def zipped(name: str, data: bytes) -> bytes:
    """An archive as Windows makes it, with the name in GBK."""
    content = io.BytesIO()
    placeholder = "x" * len(name.encode("gbk"))
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(placeholder, data)
        archive.writestr("__MACOSX/._x", b"\0")
    return content.getvalue().replace(placeholder.encode(), name.encode("gbk"))


def macro_enabled(data: bytes) -> bytes:
    """The workbook as one with macros, which it says of itself."""
    written = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as source,
        zipfile.ZipFile(written, "w") as target,
    ):
        for name in source.namelist():
            text = source.read(name)
            if name == "[Content_Types].xml":
                text = text.replace(
                    b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
                    b"application/vnd.ms-excel.sheet.macroEnabled.main+xml",
                )
            target.writestr(name, text)
        target.writestr("xl/vbaProject.bin", b"x")
    return written.getvalue()


KINDS: dict[str, tuple[str, Callable[[Sheets, Layout], bytes]]] = {
    "xlsx": ("效能.xlsx", lambda sheets, layout: workbook(sheets, layout)),
    "xlsx called et": ("效能.et", lambda sheets, layout: workbook(sheets, layout)),
    "xlsm": ("效能.xlsm", lambda sheets, layout: macro_enabled(workbook(sheets, layout))),
    "docx": ("效能.docx", lambda sheets, layout: office_document(sheets["efficiency"])),
    "page": ("效能.xls", lambda sheets, layout: office_page(sheets["efficiency"], "utf-8")),
    "page in GBK": ("效能.xls", lambda sheets, layout: office_page(sheets["efficiency"], "gbk")),
    "zip": ("报送.zip", lambda sheets, layout: zipped("效能.xlsx", workbook(sheets, layout))),
    "zip of a page": (
        "报送.dat",
        lambda sheets, layout: zipped("表.xls", office_page(sheets["efficiency"], "gbk")),
    ),
    "xls": ("效能.xls", lambda sheets, layout: (FILES / "efficiency.xls").read_bytes()),
    "xls called et": ("效能.et", lambda sheets, layout: (FILES / "efficiency.xls").read_bytes()),
    "xlsb": ("效能.xlsb", lambda sheets, layout: office_xlsb(sheets["efficiency"])),
    "ods": ("效能.ods", lambda sheets, layout: office_ods(sheets["efficiency"])),
}


def workbook(sheets: Sheets, layout: Layout) -> bytes:
    return office_workbook(sheets["efficiency"], groups(layout))


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_arrives_from_every_kind_of_file(
    project: Project, layout: Layout, sheets: Sheets, kind: str
) -> None:
    name, build = KINDS[kind]
    outcome = take(project, layout, sheets, {name: build(sheets, layout)})
    assert problems(outcome) == []
    found = observations(layout, seed_sheets(project, layout))
    assert found == observations(layout, sheets)


@pytest.mark.needs("soffice")
def test_what_an_office_program_writes_arrives(
    project: Project, layout: Layout, sheets: Sheets, tmp_path: Path
) -> None:
    """A document that LibreOffice makes of a page."""
    path = tmp_path / "效能.html"
    path.write_bytes(office_page(sheets["efficiency"], "utf-8"))
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{tmp_path}/office", "--headless",
         "--convert-to", "docx:Office Open XML Text", "--outdir", str(tmp_path / "out"), str(path)],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    data = (tmp_path / "out" / "效能.docx").read_bytes()
    outcome = take(project, layout, sheets, {"效能.docx": data})
    assert problems(outcome) == []
    found = observations(layout, seed_sheets(project, layout))
    assert found == observations(layout, sheets)


def test_a_hidden_sheet_is_refused_in_ods_too(
    project: Project, layout: Layout, sheets: Sheets
) -> None:
    data = office_ods(sheets["efficiency"], "false")
    found = problems(take(project, layout, sheets, {"效能.ods": data}))
    assert any("[Sheet1]：隐藏的工作表" in line for line in found)


def test_all_that_is_set_aside_or_converted_is_named(
    project: Project, layout: Layout, sheets: Sheets
) -> None:
    outcome = take(project, layout, sheets, {"效能.xlsx": workbook(sheets, layout)})
    notes = "\n".join(outcome.notes)
    for part in (
        "效能.xlsx [Sheet1]：不是指标的列，未读取：“上月超时件数”、“备注”",
        "效能.xlsx [Sheet1]：合计行，未读取",
        "第53行“合计",
        "“备注：”、第55行“1. 数据来源于省平台。”、第56行“填报人：张三",
        "→“市水务局”",
        "公式单元格，取文件所存的计算结果：D4、D5",
        "…等 ",
        "写法已换成规范写法：",
        "效能.xlsx [通讯录]：没有可识别的表头，整张未读取",
    ):
        assert part in notes, notes
    assert outcome.archive is not None
    folder = project.root / outcome.archive
    assert "合计行" in (folder / "intake.json").read_text(encoding="utf-8")
    assert " 件" in (folder / "cells.csv").read_text(encoding="utf-8")


def test_what_stands_outside_the_table_of_a_document_is_named(
    project: Project, layout: Layout, sheets: Sheets
) -> None:
    data = office_document(sheets["efficiency"])
    outcome = take(project, layout, sheets, {"效能.docx": data})
    assert "效能.docx [表1]：表格以外的文字 5 段，未读取" in outcome.notes
    found = problems(take(project, layout, sheets, {"效能.docx": other_month(data)}))
    assert any("[表1]" in line and "所指月份为 2023-06" in line for line in found)


def other_month(data: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(written, "w") as target:
        for name in source.namelist():
            target.writestr(
                name, source.read(name).replace("2023年7月".encode(), "2023年6月".encode())
            )
    return written.getvalue()


def test_macros_are_passed_over_and_named(project: Project, layout: Layout, sheets: Sheets) -> None:
    data = macro_enabled(workbook(sheets, layout))
    outcome = take(project, layout, sheets, {"效能.xlsm": data})
    assert "效能.xlsm [Sheet1]：含有宏，未读取也未运行" in outcome.notes


def test_a_check_writes_nothing(
    project: Project, layout: Layout, sheets: Sheets, tmp_path: Path
) -> None:
    source = write_csvs(tmp_path / "in", layout, sheets)
    before = tree_hash(project.root)
    arguments = ["ingest", str(source), "--month", MONTH, "--check"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1] == f"{MONTH} 核对无误，没有写入"
    sheets["efficiency"][1][1] = "x"
    write_csvs(tmp_path / "in", layout, sheets)
    assert CliRunner().invoke(app, arguments).exit_code == 1
    assert tree_hash(project.root) == before


FIGURES = [
    ("efficiency", 1, "1,234", "1234"),
    ("efficiency", 1, "1，234", "1234"),
    ("efficiency", 1, "0件", "0"),
    ("efficiency", 1, "12 个", "12"),
    ("efficiency", 1, "3.0", "3"),
    ("efficiency", 1, "无", "—"),
    ("licenses", 1, "不适用", "—"),
    ("licenses", 1, "/", "—"),
    ("licenses", 1, "\\", "—"),
    ("licenses", 1, "--", "—"),
    ("licenses", 1, "n/a", "—"),
    ("special_work", 6, "0.6分", "0.6"),
]


@pytest.mark.parametrize(("feed", "column", "written", "kept"), FIGURES)
def test_ways_of_writing_are_converted(
    project: Project,
    layout: Layout,
    sheets: Sheets,
    tmp_path: Path,
    feed: str,
    column: int,
    written: str,
    kept: str,
) -> None:
    sheets[feed][1][column] = written
    outcome = ingest(project, [write_csvs(tmp_path / "in", layout, sheets)], MONTH)
    assert problems(outcome) == []
    assert seed_sheets(project, layout)[feed][1][column] == kept
    assert any(f"“{written}”→“{kept}”" in note for note in outcome.notes)


def test_numbers_are_taken_as_their_cells_show_them(
    project: Project, layout: Layout, sheets: Sheets
) -> None:
    content = io.BytesIO()
    cells = (
        (0.21621621621621623, "0.00%", "21.62%"),
        (0.99995, "0.00%", "100.00%"),
        (0.123450000000001, "0.0%", "12.3%"),
    )
    rows = sheets["efficiency"]
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, rows[0])
        for row, line in enumerate(rows[1:], start=1):
            sheet.write_row(row, 0, line)
        for row, (value, code, _) in enumerate(cells, start=1):
            sheet.write_number(row, 3, value, book.add_format({"num_format": code}))
    outcome = take(project, layout, sheets, {"效能.xlsx": content.getvalue()})
    assert problems(outcome) == []
    found = seed_sheets(project, layout)["efficiency"]
    assert [line[3] for line in found[1:4]] == [seen for *_, seen in cells]
    (note,) = (each for each in outcome.notes if "按所示的数读取" in each)
    assert note.endswith("D2、D3、D4")


def test_a_total_that_is_not_the_sum_is_named_with_both(
    project: Project, layout: Layout, sheets: Sheets, tmp_path: Path
) -> None:
    total = sum(int(row[1]) for row in sheets["efficiency"][1:] if row[1] != "—")
    sheets["efficiency"].append(["合计", str(total + 1), "", ""])
    source = write_csvs(tmp_path / "in", layout, sheets)
    (problem,) = ingest(project, [source], MONTH).problems
    assert (problem.seen, problem.expected) == (f"“合计”为 {total + 1}", f"各单位之和 {total}")
    assert problem.cell == "B51"
    sheets["efficiency"][-1][1] = f"{total:,}"
    outcome = ingest(project, [write_csvs(tmp_path / "in", layout, sheets)], MONTH)
    assert problems(outcome) == []


def test_rows_between_the_units_are_set_aside(
    project: Project, layout: Layout, sheets: Sheets, tmp_path: Path
) -> None:
    """Names of groups, sums of groups, the header once more, and rows that only have a number."""
    expected = observations(layout, sheets)
    rows = [["序号", *sheets["efficiency"][0]]]
    counts: list[int] = []
    for group in ("A组", "B组", "县（市、区）"):
        rows.append(["", f"{group}（市级）"[:8], "", "", ""])
        members = [row for row in sheets["efficiency"][1:] if groups(layout)[row[0]] == group]
        rows += [["1", *row] for row in members]
        counts.append(sum(int(row[1]) for row in members if row[1] != "—"))
        rows += [["", f"{group}小计", str(counts[-1]), "", ""], rows[0]]
    rows += [["50", "", "", "", ""], ["总 计", "", f"{sum(counts):,}", "", ""]]
    sheets["efficiency"] = rows
    outcome = ingest(project, [write_csvs(tmp_path / "in", layout, sheets)], MONTH)
    assert problems(outcome) == []
    assert observations(layout, seed_sheets(project, layout)) == expected
    notes = "\n".join(outcome.notes)
    for part in ("分组的小标题", "合计行", "重复的表头", "没有单位和数据的行"):
        assert part in notes


def test_a_short_name_is_suggested_and_not_taken(
    project: Project, layout: Layout, sheets: Sheets, tmp_path: Path
) -> None:
    names = {"市水务局": "水务局", "市自然资源规划局": "自规局", "大竹县": "大竹"}
    for row in sheets["efficiency"]:
        row[0] = names.get(row[0], row[0])
    source = write_csvs(tmp_path / "in", layout, sheets)
    found = problems(ingest(project, [source], MONTH))
    for name, short in names.items():
        assert any(f"“{short}”" in line and f"是否指“{name}”" in line for line in found)


@pytest.mark.parametrize(
    ("text", "months"),
    [
        ("6月份运行效能", [(None, 6)]),
        ("（6月1日—6月30日）", [(None, 6)]),
        ("（2023年6月1日至30日）", [(2023, 6)]),
        ("二〇二三年六月", [(2023, 6)]),
        ("二〇二三年十二月", [(2023, 12)]),
        ("六月", [(None, 6)]),
        ("运行效能6月", [(None, 6)]),
        ("2023.6", [(2023, 6)]),
        ("2023-06", [(2023, 6)]),
        ("202306", [(2023, 6)]),
        ("23年6月", [(2023, 6)]),
        ("1—6月", [(None, 6)]),
        ("2023年1-6月", [(2023, 6)]),
        ("2022年12月—2023年6月", [(2023, 6)]),
        ("6月26日至7月25日", [(None, 7)]),
        ("2023年6月报送表（请于7月5日前报送）", [(2023, 6)]),
        ("填报2023年6月1日—6月30日数据", [(2023, 6)]),
        ("报送截止7月5日", []),
        ("填报日期：2023年8月5日", []),
        ("制表时间 2023-08-05", []),
        ("1月以来", []),
        ("三个月", []),
        ("附件6", []),
        ("20230805", []),
    ],
)
def test_months_are_found_in_any_form(
    layout: Layout, text: str, months: list[tuple[int | None, int]]
) -> None:
    assert mentioned_months(text, layout.words.of("report_date")) == months


@pytest.mark.parametrize(
    ("name", "title", "sheet", "is_refused"),
    [
        ("运行效能6月.xlsx", "运行效能", "Sheet1", True),
        ("效能.xlsx", "（6月1日—6月30日）", "Sheet1", True),
        ("效能.xlsx", "二〇二三年六月运行效能", "Sheet1", True),
        ("效能.xlsx", "运行效能", "6月", True),
        ("效能.xlsx", "1—7月运行效能（填报时间：2023年8月3日）", "7月", False),
        ("效能.xlsx", "说明：6月的数据已另行报送", "Sheet1", False),
    ],
)
def test_another_month_in_a_name_or_title_is_refused(
    project: Project,
    layout: Layout,
    sheets: Sheets,
    name: str,
    title: str,
    sheet: str,
    is_refused: bool,
) -> None:
    book = openpyxl.Workbook()
    book.active.title = sheet
    for line in [[title], *sheets["efficiency"]]:
        book.active.append(line)
    content = io.BytesIO()
    book.save(content)
    found = problems(take(project, layout, sheets, {name: content.getvalue()}))
    assert [re.search("所指月份为 (2023-06|6月)", line) is not None for line in found] == (
        [True] if is_refused else []
    )


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (("../效能.csv",), "路径指向包外"),
        (("里/报送.zip",), "压缩包中还有压缩包"),
        (("效能.pdf",), "PDF 文件"),
        (tuple(f"{number}.csv" for number in range(61)), "有 61 个文件"),
    ],
)
def test_an_archive_with_what_is_not_read_is_refused(
    project: Project, layout: Layout, sheets: Sheets, names: tuple[str, ...], reason: str
) -> None:
    inner = zipped("a.csv", b"a")
    contents = {".csv": b"a,b\n", ".zip": inner, ".pdf": b"%PDF-1.7"}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, contents[Path(name).suffix])
    found = problems(take(project, layout, sheets, {"报送.zip": content.getvalue()}))
    assert any(line.startswith("报送.zip") and reason in line for line in found), found


def test_a_large_archive_is_refused(project: Project, layout: Layout, sheets: Sheets) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", b"0" * 60_000_000)
    found = problems(take(project, layout, sheets, {"报送.zip": content.getvalue()}))
    assert any("压缩炸弹" in line for line in found)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("<td>市水务局</td>", "<td>市水务局<script>1</script></td>", None),
        ("<td>市水务局</td>", '<td style="display: none">市水务局</td>', "隐藏"),
        ("<td>市水务局</td>", "<td>市水务局</td><td>=1+1</td>", None),
        ("<td>市水务局</td>", "<td>市水<sup>务局</sup></td>", "市水务局"),
    ],
)
def test_what_a_page_hides_is_not_read(
    project: Project, layout: Layout, sheets: Sheets, old: str, new: str, reason: str | None
) -> None:
    page = office_page(sheets["efficiency"], "utf-8").decode()
    assert old in page
    found = problems(take(project, layout, sheets, {"效能.xls": page.replace(old, new).encode()}))
    if reason is None and "=" not in new:
        assert found == []
    else:
        assert any((reason or "=1+1") in line for line in found), found


def test_a_mistake_that_is_made_often_is_told_once() -> None:
    same = [
        Problem("a.xlsx", row, "签章率", f"“0.{row}”", f"写明百分号：0.{row}% 或 {row}0%", "甲",
                "表", cell=f"C{row}")
        for row in range(3, 9)
    ]  # fmt: skip
    other = Problem("a.xlsx", 4, "件数", "“x”", "整数", "甲", "表", cell="D4")
    assert problem_lines([*same[:3], other]) == [*map(str, same[:3]), str(other)]
    assert problem_lines([*same, other]) == [
        "a.xlsx [表] “签章率”列 C3、C4、C5…等 6 格：“0.3”、“0.4”、“0.5”…等；"
        "应为：写明百分号：0.3% 或 30%",
        str(other),
    ]


def test_names_that_are_not_known_are_told_once_with_what_they_may_mean() -> None:
    names = {"水务局": "是否指“市水务局”", "大竹": "是否指“大竹县”", "甲局": "", "乙局": ""}
    found = [
        Problem(
            "a.csv", row, "单位", f"“{name}”", f"名册中的名称{hint and '，'}{hint}", cell=f"A{row}"
        )
        for row, (name, hint) in enumerate(names.items(), start=2)
    ]
    assert problem_lines(found) == [
        "a.csv “单位”列 A2、A3、A4…等 4 格：“水务局”（是否指“市水务局”）、"
        "“大竹”（是否指“大竹县”）、“甲局”、“乙局”；应为：名册中的名称"
    ]


def test_exported_annexes_change_only_what_was_changed(
    template: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """June 2023 as published, errata and all, with one figure of annex 6 changed by hand."""
    project = copy_seeds(tmp_path / "project")
    monkeypatch.chdir(project.root)
    path = tmp_path / "附件1-11.xlsx"
    shutil.copy(FILES / "annexes_2023_06.xlsx", path)
    seeds = project.seeds / "raw" / "2023_06"
    before = {each.name: each.read_bytes() for each in seeds.iterdir()}
    assert not ingest(project, [path], "2023-06").is_written
    assert not ingest(project, [path], "2023-06", with_scores=True).is_written
    book = openpyxl.load_workbook(path)
    sheet = book["附件6"]
    (row,) = [cells for cells in sheet.iter_rows() if cells[2].value == "市民宗局"]
    row[5].value = 0.5
    book.save(path)
    outcome = ingest(project, [path], "2023-06", Leave(to_replace=True))
    assert problems(outcome) == []
    assert [
        (change.key, change.column, change.new) for feed in outcome.feeds for change in feed.changes
    ] == [("市民宗局", "behavior_coverage_rate", "50.00%")]
    after = {each.name: each.read_bytes() for each in seeds.iterdir()}
    assert {name for name in after if after[name] != before[name]} == {
        "raw_supervision__2023_06.csv"
    }
    assert any("得分列未读取" in note for note in outcome.notes)
    for sheet in ("[整改台账]", "[勘误与调整]"):
        assert any(sheet in note for note in outcome.notes)
    assert FOLDER not in project.score_months()
