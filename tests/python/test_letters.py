"""Letters to units: their figures are those of the marts, their format that of official letters."""

import re
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from docx.document import Document as WordDocument
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn

from conftest import ROOT, Sandbox
from export_months import CITY, HOSTILE, hostile, read_june
from ywtb.assessment.figures import points, printable
from ywtb.exports import letters
from ywtb.exports.bulletin.pdf import converted
from ywtb.exports.exposures import exposures
from ywtb.exports.formats import Job
from ywtb.exports.release_month import ReleaseMonth, grouped, read_month
from ywtb.project import Project
from ywtb.release.queries import Row, open_release

DOCUMENTS = "intermediate.int_unit_documents_monthly"


@pytest.fixture(scope="module")
def june_job(june: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Job:
    """Letters of June as published."""
    with open_release(Project(june.root)) as release:
        return written(read_june(june), tmp_path_factory.mktemp("letters"), release)


def written(month: ReleaseMonth, folder: Path, release: Any = None) -> Job:
    """The letters of a month; what would gain a unit most is asked of the release."""
    job = Job(repeat(month).__next__, release, folder, {}, exposures(Project(ROOT)))
    if release is None:
        job.__dict__["gained"] = {}
    letters.FORMAT.write(job)
    return job


def with_rows(month: ReleaseMonth, **tables: Sequence[Row]) -> ReleaseMonth:
    """The month with other rows in tables of these names."""
    changed = {
        name: rows for name in month.tables for key, rows in tables.items() if name.endswith(key)
    }
    return replace(month, tables={**month.tables, **changed})


def draft_of(month: ReleaseMonth, **city: str) -> ReleaseMonth:
    """The month as a draft that units may object to until 10 August."""
    until = {**month.state, "stage": "draft", "objections_until": date(2023, 8, 10)}
    return with_rows(month, dim_months=[until], cities=[{**month.city, **city}])


def three_units(month: ReleaseMonth) -> ReleaseMonth:
    """The month with its first three units only."""
    few = list(month.units)[:3]

    def rows(table: str) -> list[Row]:
        return [row for row in month.tables[table] if row["unit_id"] in few]

    return with_rows(
        month,
        dim_units=rows("marts.dim_units"),
        fct_composite_scores=rows("marts.fct_composite_scores"),
    )


def document_of(job: Job, unit: str, folder: str = "告知单") -> WordDocument:
    return Document(str(job.folder / folder / f"{unit}.docx"))


def text_of(document: WordDocument) -> str:
    return "\n".join(paragraph.text for paragraph in document.paragraphs)


def lines_of(document: WordDocument) -> list[list[str]]:
    return [[cell.text for cell in row.cells] for table in document.tables for row in table.rows]


def test_every_letter_of_june_says_what_the_marts_hold(june_job: Job) -> None:
    month = june_job.month
    ledger = grouped(month.tables["audit.points_lost_ledger"], "unit_id")
    printed = {
        (cell["unit_id"], cell["column_name"]): cell["cell_text"]
        for cell in month.tables["audit.annex_cells"]
    }
    totals = month.tables["marts.fct_composite_scores"]
    members = grouped(totals, "group_code", "score_rank")
    sizes = grouped(totals, "group_code")
    assert len(totals) == len(list((june_job.folder / "告知单").iterdir())) == 49
    for total in totals:
        document = document_of(june_job, total["unit_name"])
        text, (headings, *lines) = text_of(document), lines_of(document)
        rank, group = total["score_rank"], total["group_code"]
        tied = "并列" if len(members[group, rank]) > 1 else ""
        assert (
            f"本月综合得分{total['composite_score']}分，在{total['group_name']}"
            f"{len(sizes[group])}个单位中{tied}排名第{rank}位。"
        ) in text
        rows = ledger[total["unit_id"]]
        lost = sum((row["points_lost"] for row in rows), Decimal(0))
        assert lost == 100 - total["exact_score"]
        assert f"本月共失{points(lost)}分" in text
        assert headings == ["指标", "数值", "失分", "规则", "数值的来源"]
        assert sorted(lines) == sorted(
            [
                row["indicator_name"] or f"{row['dimension_name']}得分调整",
                printed.get((total["unit_id"], row["indicator_code"]))
                or row["printed_value"]
                or "—",
                points(row["points_lost"]),
                row["reason"],
                f"{row['source_file']} 第 {row['source_row']} 行"
                if row["source_file"]
                else f"勘误 {row['erratum_id']}",
            ]
            for row in rows
        )
        best = june_job.gained[total["unit_id"]][0]
        name = month.indicators[best["indicator_code"]]["indicator_name"]
        assert f"：{name}，做到最好增加{points(best['score_change'])}分" in text
        assert month.city["office_name"] in text.split("异议的提出")[1]
        assert text.endswith("2023年7月29日")
        assert "相比" not in text


def test_the_cell_in_the_units_own_file_is_named(june_job: Job, tmp_path: Path) -> None:
    sent = {
        "row_key": "市经信局", "column_name": "publicity_points", "source_file": "经信局报表.xlsx",
        "source_sheet": "专项工作", "source_cell": "M7",
    }  # fmt: skip
    job = written(with_rows(three_units(june_job.month), cell_sources=[sent]), tmp_path)
    (line,) = (each for each in lines_of(document_of(job, "市经信局")) if each[0] == "信息宣传得分")
    assert line[-1] == "经信局报表.xlsx 专项工作 M7"


def test_a_change_is_told_with_its_cause(three_months: Sandbox, tmp_path: Path) -> None:
    with open_release(Project(three_months.root)) as release:
        month = read_month(release, "2023-08", CITY)
    job = written(month, tmp_path)
    for row in month.tables["marts.fct_monthly_changes"]:
        text = text_of(document_of(job, row["unit_name"], next(tmp_path.glob("*单")).name))
        change, rank = row["score_change"], row["score_rank"]
        word = "上升" if change > 0 else "下降"
        moved = f"{word}{points(abs(change))}分（主要是" if change else "没有变化"
        place = (
            f"名次由第{row['previous_rank']}位变为第{rank}位。"
            if row["previous_rank"] != rank
            else "名次没有变化。"
        )
        assert f"与7月相比，得分{moved}" in text
        assert place in text
        assert "不能直接比较" not in text
    assert "上升0.24分（主要是监管事项行为覆盖率）" in text_of(
        document_of(job, "市水务局", next(tmp_path.glob("*单")).name)
    )


def test_of_a_draft_units_get_a_form_to_check(june_job: Job, tmp_path: Path) -> None:
    job = written(draft_of(three_units(june_job.month), office_contact="0818-0000000"), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"核对单", "核对单.docx"}
    document = document_of(job, "市经信局", "核对单")
    text = text_of(document)
    assert "市经信局2023年6月\n“一网通办”考核得分核对单" in text
    assert "正在征求意见" in text
    assert "请于2023年8月10日前向" in text
    assert "改革协调小组办公室（0818-0000000）提出。" in text
    assert text.endswith("改革协调小组办公室")
    for bound in (document, Document(str(tmp_path / "核对单.docx"))):
        (section, *_) = bound.sections
        for head in (section.header, section.even_page_header, section.first_page_header):
            assert head.paragraphs[0].text == "征求意见稿"


def test_a_reminder_goes_to_whom_a_rule_asks_for_it(june_job: Job, tmp_path: Path) -> None:
    few = three_units(june_job.month)
    one, other, third = few.units
    asks = {"document_code": "reminder_letter", "is_exempt": False}
    found = [
        {**asks, "unit_id": one, "reason": "连续3个月\n# 末位"},
        {**asks, "unit_id": one, "reason": "连续2个月有差错"},
        {**asks, "unit_id": other, "reason": "得分低", "is_exempt": True},
        {**asks, "unit_id": third, "reason": "得分低", "document_code": None},
    ]
    job = written(with_rows(few, fct_streak_measures=found), tmp_path)
    name = few.units[one]["unit_name"]
    assert [path.name for path in (tmp_path / "提示函").iterdir()] == [f"{name}.docx"]
    assert "提示函.docx" in {each.path for each in job.downloads}
    text = text_of(document_of(job, name, "提示函"))
    assert text.startswith(f"2023年6月提示第1号\n关于{name}“一网通办”\n工作的提示函\n{name}：\n")
    assert "考核中，你单位连续3个月 # 末位；连续2个月有差错。现予提示。" in text
    assert text_of(document_of(job, name)).split("二、")[0].split("名次\n")[1].strip() in text
    assert "失分最多的是：信息宣传得分" in text
    draft = tmp_path / "draft"
    draft.mkdir()
    written(draft_of(with_rows(few, fct_streak_measures=found)), draft)
    assert {path.name for path in draft.iterdir()} == {"核对单", "核对单.docx"}


def test_none_is_written_where_the_seed_has_none(june_job: Job, tmp_path: Path) -> None:
    month = with_rows(june_job.month, int_unit_documents_monthly=[])
    assert written(month, tmp_path).downloads == []
    assert list(tmp_path.iterdir()) == []


def test_a_hostile_name_is_a_text_and_no_path(june_job: Job, tmp_path: Path) -> None:
    job = written(hostile(june_job.month), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"告知单", "告知单.docx"}
    texts = [text_of(Document(str(path))) for path in (tmp_path / "告知单").iterdir()]
    assert len(texts) == 49
    for name in HOSTILE:
        said = printable(" ".join(name.split()))
        assert any(f"\n{said}：\n" in text for text in texts), name
    assert len(job.downloads) == 50 + any(each.path.endswith(".pdf") for each in job.downloads)


def test_same_month_same_bytes(june_job: Job, tmp_path: Path) -> None:
    found = []
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        written(three_units(june_job.month), folder)
        paths = sorted(folder.rglob("*.docx"))
        found.append([(path.relative_to(folder), path.read_bytes()) for path in paths])
    assert len(found[0]) == 4
    assert found[0] == found[1]


def test_a_letter_has_the_format_of_official_letters(june_job: Job) -> None:
    """GB/T 9704-2012, 10.1: 信函格式."""
    document: Any = document_of(june_job, "市财政局")
    (section,) = document.sections
    assert section.different_first_page_header_footer
    margins = (section.top_margin, section.left_margin, section.right_margin, section.bottom_margin)
    assert [round(each.mm) for each in margins] == [37, 28, 26, 35]
    mark, issuer = section.first_page_header.paragraphs
    above = (
        section.header_distance,
        mark.style.paragraph_format.line_spacing,
        issuer.paragraph_format.space_before,
    )
    assert sum(each.mm for each in above) == pytest.approx(30, abs=0.1)
    assert issuer.text == june_job.month.city["office_name"]
    assert str(issuer.style.font.color.rgb) == "E60012"
    assert "小标宋" in fonts_of(issuer)
    (end,) = section.first_page_footer.paragraphs
    assert (end.text, round(section.footer_distance.mm)) == ("", 20)
    for line, kind in ((issuer, "thickThinSmallGap"), (end, "thinThickSmallGap")):
        (border,) = line._p.pPr.find(qn("w:pBdr"))
        assert (border.get(qn("w:val")), border.get(qn("w:color"))) == (kind, "E60012")
        indents = (line.paragraph_format.left_indent, line.paragraph_format.right_indent)
        assert [round(each.mm) for each in indents] == [-8, -6]  # 170 mm in the middle of the page
    number, title, addressee, body, *_ = document.paragraphs
    assert (number.text, number.style.name) == ("2023年6月告知第25号", "发文字号")
    assert number.style.paragraph_format.alignment == WD_ALIGN_PARAGRAPH.RIGHT
    assert "小标宋" in fonts_of(title)
    assert addressee.text == "市财政局："
    assert "仿宋" in fonts_of(body)
    assert body.style.font.size.pt == 16
    for foot in (section.footer, section.even_page_footer):
        low = section.footer_distance.mm + foot.paragraphs[0].paragraph_format.space_after.mm
        assert low == pytest.approx(25.3, abs=0.1)


def fonts_of(paragraph: Any) -> str:
    return str(paragraph.runs[0]._element.rPr.rFonts.get(qn("w:eastAsia")))


def test_all_are_bound_into_one(june_job: Job) -> None:
    bound = Document(str(june_job.folder / "告知单.docx"))
    units = [unit["unit_name"] for unit in june_job.month.units.values()]
    assert len(bound.sections) == len(units)
    assert text_of(bound) == "\n".join(text_of(document_of(june_job, unit)) for unit in units)
    numbers = list(bound.element.body.iter(qn("w:pgNumType")))
    assert [each.get(qn("w:start")) for each in numbers] == ["1"] * len(units)


@pytest.mark.needs("soffice", "pdftotext")
def test_every_letter_begins_on_a_sheet_of_its_own(june_job: Job, tmp_path: Path) -> None:
    few = three_units(june_job.month)
    first = next(iter(few.units))
    rows = [row for row in few.tables["audit.points_lost_ledger"] if row["unit_id"] == first]
    written(with_rows(few, points_lost_ledger=rows * 5), tmp_path)
    with converted([tmp_path / "告知单.docx"]) as pdf:
        pdf(tmp_path / "告知单.docx", tmp_path / "告知单.pdf")
    said = subprocess.run(
        ["pdftotext", str(tmp_path / "告知单.pdf"), "-"], capture_output=True, text=True, check=True
    ).stdout.replace(" ", "")
    pages = said.split("\f")[:-1]
    begun = [number for number, text in enumerate(pages, start=1) if "告知第" in text]
    assert begun == [1, 5, 7]
    office = june_job.month.city["office_name"]
    assert [number for number, text in enumerate(pages, start=1) if office in text[:40]] == begun
    numbers = [re.findall("—(.)—", text) for text in pages]
    assert numbers == [[], ["2"], ["3"], [], [], ["2"], [], ["2"]]
