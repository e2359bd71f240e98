"""The workbook shows what the annexes print, as numbers, and nothing in it is ever a formula."""

import zipfile
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from conftest import Sandbox
from export_months import HOSTILE, REVISION, hostile, read_june, without
from ywtb.assessment.figures import points
from ywtb.exports.release_month import Annex, ReleaseMonth
from ywtb.exports.workbook.workbook import CORRECTIONS_SHEET, write_workbook

TOP = 4
"""Row of the first headings, below label, title and period."""


@pytest.fixture(scope="module")
def month(june: Sandbox) -> ReleaseMonth:
    return read_june(june)


@pytest.fixture(scope="module")
def path(month: ReleaseMonth, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("workbook") / "附件1-11.xlsx"
    write_workbook(month, target)
    return target


@pytest.fixture(scope="module")
def book(path: Path) -> Any:
    return openpyxl.load_workbook(path)


def shown(cell: Any) -> str:
    """A cell as a spreadsheet shows it, reckoned with exact decimals."""
    if cell.value is None:
        return ""
    if isinstance(cell.value, str):
        assert cell.data_type == "s", cell.coordinate
        return cell.value
    value = Decimal(repr(cell.value))
    match cell.number_format:
        case "0":
            return f"{value.quantize(Decimal(1), ROUND_HALF_UP):f}"
        case "0.00":
            return f"{value.quantize(Decimal('0.01'), ROUND_HALF_UP):f}"
        case "0.00%":
            return f"{(value * 100).quantize(Decimal('0.01'), ROUND_HALF_UP):f}%"
        case "0.00####":
            return points(value)
        case "General":
            return f"{value.normalize():f}"
    raise AssertionError(cell.number_format)


def body(book: Any, annex: Annex) -> list[list[str]]:
    """The cells below the headings and above the notes, as shown."""
    sheet = book[f"附件{annex.number}"]
    first = TOP + annex.heading_rows
    rows = sheet.iter_rows(
        min_row=first, max_row=first + len(annex.values) - 1, max_col=len(annex.columns)
    )
    return [[shown(cell) for cell in row] for row in rows]


def test_every_cell_is_shown_as_the_annexes_print_it(month: ReleaseMonth, book: Any) -> None:
    cells = {
        (each["annex_no"], each["row_no"], each["column_no"]): each["cell_text"]
        for each in month.tables["audit.annex_cells"]
    }
    found = {
        (annex.number, row_no, column_no): text
        for annex in month.annexes
        for row_no, row in enumerate(body(book, annex), start=1)
        for column_no, text in enumerate(row, start=1)
    }
    assert found == cells
    printed = month.tables["audit.cell_reconciliation"]
    assert len(printed) == 2253
    for each in printed:
        place = (each["annex_no"], each["row_no"], each["column_no"])
        assert found[place] == each["corrected_value"], place


def test_numbers_are_numbers_and_rates_are_fractions(month: ReleaseMonth, book: Any) -> None:
    for annex in month.annexes:
        sheet = book[f"附件{annex.number}"]
        for row, values in enumerate(annex.values, start=TOP + annex.heading_rows):
            for column, (printed, value) in enumerate(zip(annex.columns, values, strict=True)):
                cell = sheet.cell(row, column + 1)
                if isinstance(value, int | Decimal):
                    assert cell.data_type == "n"
                    assert cell.number_format == printed.number_format
                    scale = 100 if printed.number_format == "0.00%" else 1
                    assert Decimal(repr(cell.value)) * scale == value
                else:
                    assert cell.quotePrefix
                assert cell.alignment.horizontal == "center"


def test_headings_are_merged_as_printed(month: ReleaseMonth, book: Any) -> None:
    for annex in month.annexes:
        sheet = book[f"附件{annex.number}"]
        assert sheet["A1"].value == f"附件 {annex.number}"
        assert sheet["A2"].value == annex.title
        assert sheet["A3"].value == (annex.period_line or None)
        expected = set()
        for heading in annex.headings:
            row, column = TOP + heading.row, heading.column + 1
            end = (row + heading.row_span - 1, column + heading.column_span - 1)
            assert sheet.cell(row, column).value.replace("\n", "") == heading.text
            if (row, column) != end:
                expected.add((row, column, *end))
        merged = {
            (each.min_row, each.min_col, each.max_row, each.max_col)
            for each in sheet.merged_cells.ranges
            if TOP <= each.min_row < TOP + annex.heading_rows
        }
        assert merged == expected


def test_notes_stand_below_in_full(month: ReleaseMonth, book: Any) -> None:
    for annex in month.annexes:
        sheet = book[f"附件{annex.number}"]
        first = TOP + annex.heading_rows + len(annex.values)
        written = [row[0] for row in sheet.iter_rows(min_row=first, values_only=True)]
        notes = [f"{number}. {note}" for number, note in enumerate(annex.notes, start=1)]
        assert written == [f"备注：\n{notes[0]}", *notes[1:]] if notes else written == []


def test_sheets_print_on_landscape_a4_one_page_wide(month: ReleaseMonth, book: Any) -> None:
    annexes = [f"附件{number}" for number in range(1, 12)]
    assert book.sheetnames == [*annexes, "整改台账", CORRECTIONS_SHEET]
    for sheet in book:
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.page_setup.paperSize == 9
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.page_setup.fitToWidth in (None, 1)
        assert sheet.page_setup.fitToHeight == 0  # or Excel overlooks where pages are to begin
        assert "&P" in sheet.oddFooter.center.text
    for annex in month.annexes:
        sheet = book[f"附件{annex.number}"]
        bottom = TOP + annex.heading_rows - 1
        assert sheet.print_title_rows == f"${TOP}:${bottom}"
        unit = [column.name for column in annex.columns].index("unit_name")
        assert sheet.freeze_panes == sheet.cell(bottom + 1, unit + 2).coordinate


def test_no_page_has_notes_alone(month: ReleaseMonth, tmp_path: Path) -> None:
    """However many units there are, nor a title that what it is about does not follow."""
    noted = (annex for annex in month.annexes if annex.notes)
    longest = max(noted, key=lambda annex: len(annex.values))
    annexes = tuple(
        replace(longest, number=rows, values=longest.values[:rows], texts=longest.texts[:rows])
        for rows in range(4, len(longest.values) + 1)
    )
    path = tmp_path / "lengths.xlsx"
    faults = [*month.tables["marts.fct_rectifications"]] * 6
    tables = {**month.tables, "marts.fct_rectifications": faults}
    write_workbook(replace(month, annexes=annexes, tables=tables), path)
    book = openpyxl.load_workbook(path)
    last_rows = []
    for annex in annexes:
        sheet = book[f"附件{annex.number}"]
        last_row = TOP + annex.heading_rows + len(annex.values) - 1
        assert not [each for each in sheet.row_breaks.brk if each.id > last_row - 3]
        last_rows += [last_row - each.id for each in sheet.row_breaks.brk]
    assert 3 in last_rows
    (end,) = (each.id for each in book["整改台账"].row_breaks.brk)
    assert 2 + len(faults) - end == 3
    for each in book[CORRECTIONS_SHEET].row_breaks.brk:
        above = book[CORRECTIONS_SHEET].cell(each.id, 1)
        assert above.font.name != "黑体" and not above.value.startswith(("问题", "缘由"))


def test_the_ledger_lists_every_fault(month: ReleaseMonth, tmp_path: Path) -> None:
    ledger = [*month.tables["marts.fct_rectifications"]]
    ledger[0] = {
        **ledger[0],
        "opened_month": date(2023, 8, 1),
        "closed_month": date(2023, 9, 1),
        "term_ends_on": date(2023, 9, 25),
        "term_basis_name": "明文",
        "is_in_time": True,
        "notes": HOSTILE[0],
    }
    path = tmp_path / "ledger.xlsx"
    write_workbook(
        replace(month, tables={**month.tables, "marts.fct_rectifications": ledger}), path
    )
    lines = [
        [shown(cell) for cell in row]
        for row in openpyxl.load_workbook(path)["整改台账"].iter_rows(min_row=3, max_row=7)
    ]
    assert lines[0] == [
        *("达川区", "事项梳理", "线上线下不一致", "1", "0.05", "新发现"),
        *("2023年6月，2023年8月再次发现", "2023-09-25（明文）", "2023年9月", "按期", "0", "0"),
        HOSTILE[0],
    ]
    assert [line[0] for line in lines[1:]] == ["大竹县", "大竹县", "渠县", "开江县"]
    assert "0.30" in [line[4] for line in lines]
    assert {tuple(line[7:10]) for line in lines[1:]} == {("—", "—", "—")}
    unused = {**month.tables, "intermediate.int_unit_documents_monthly": []}
    write_workbook(replace(month, tables=unused), path)
    assert "整改台账" not in openpyxl.load_workbook(path).sheetnames


def test_the_last_sheet_tells_what_was_mended(month: ReleaseMonth, book: Any) -> None:
    text = "\n".join(
        "｜".join(shown(cell) for cell in row if shown(cell))
        for row in book[CORRECTIONS_SHEET].iter_rows()
    )
    for erratum in month.tables["audit.errata_in_force"]:
        for part in ("erratum_id", "description", "reason", "evidence"):
            assert erratum[part] in text
    assert "11｜1—8｜通川区、" in text
    assert "5｜21｜市民宗局｜部门｜市民政局｜市民宗局" in text
    assert "8｜—｜达川区、大竹县、渠县、开江县｜线上线下不一致｜未印｜1" in text
    assert "A组｜市文体旅游局｜“互联网+监管”｜-0.02｜4.98" in text
    assert text.endswith("四、发布后的更正\n本月无。")


def test_a_month_with_nothing_mended_says_so(month: ReleaseMonth, tmp_path: Path) -> None:
    path = tmp_path / "clean.xlsx"
    write_workbook(without(month, "audit.errata_in_force", "audit.adjustments_in_force"), path)
    sheet = openpyxl.load_workbook(path)[CORRECTIONS_SHEET]
    assert [row[0].value for row in sheet.iter_rows()].count("本月无。") == 4


def test_corrections_after_publication_are_listed(month: ReleaseMonth, tmp_path: Path) -> None:
    path = tmp_path / "revised.xlsx"
    write_workbook(replace(month, tables={**month.tables, "audit.revisions": [REVISION]}), path)
    sheet = openpyxl.load_workbook(path)[CORRECTIONS_SHEET]
    *_, last = sheet.iter_rows(values_only=True)
    assert last == ("附件3", "5 → 4", "渠县", "综合得分", "90.36", "无")
    assert "缘由：=1+1" in [row[0] for row in sheet.iter_rows(values_only=True)]


def test_the_same_month_gives_the_same_bytes(
    month: ReleaseMonth, path: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again.xlsx"
    write_workbook(month, again)
    assert again.read_bytes() == path.read_bytes()


def test_no_name_becomes_a_formula_a_link_or_broken_xml(
    month: ReleaseMonth, tmp_path: Path
) -> None:
    path = tmp_path / "hostile.xlsx"
    write_workbook(hostile(month), path)
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            root = ElementTree.fromstring(archive.read(name))
            tags = {element.tag.rpartition("}")[2] for element in root.iter()}
            assert not tags & {"f", "hyperlink", "hyperlinks", "externalLink"}, name
            if name.endswith(".rels"):
                assert b"External" not in archive.read(name)
    cells: set[Any] = {
        cell
        for sheet in CalamineWorkbook.from_path(path).sheet_names
        for row in CalamineWorkbook.from_path(path).get_sheet_by_name(sheet).to_python()
        for cell in row
    }
    assert set(HOSTILE) <= cells, set(HOSTILE) - cells
    sheet = openpyxl.load_workbook(path)["附件4"]
    named = [row[2] for row in sheet.iter_rows(min_row=TOP + 2, max_row=TOP + 1 + len(HOSTILE))]
    assert all(cell.data_type == "s" and cell.quotePrefix for cell in named)
