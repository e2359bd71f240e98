"""The bulletin: every fact of the printed text, months unlike June, the Word file and the PDF."""

import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from docx import Document
from docx.document import Document as WordDocument
from docx.enum.section import WD_ORIENT
from docx.oxml.ns import qn

from conftest import Sandbox, is_running
from export_months import CITY, HOSTILE, hostile, read_june
from ywtb.assessment.figures import printable
from ywtb.exports.bulletin.document import write_document
from ywtb.exports.bulletin.narrative import Paragraph, chinese_number, narrative
from ywtb.exports.bulletin.pdf import ConversionError, converted, missing_typefaces
from ywtb.exports.release_month import ReleaseMonth, read_month
from ywtb.exports.text_layout import width_in_ems
from ywtb.project import Project
from ywtb.release.queries import Row, open_release

FACTS_OF_SECTION_1 = (
    "6月1日至6月30日",
    "省大数据中心对全省一体化政务服务平台事项梳理、证照印章应用、工程审批等指标",
    "达州市综合得分93.24分",
    "全省排名第2位",
)

FACTS_OF_SECTION_2 = (
    "运行效能、分站点建设维护、“互联网+监管”、工程审批均在全省排名第1位",
    "本月新增办件24.9万件",
    "全年累计办件129.79万件",
    "按时办结率、主动好评率均为100%",
    "接入应用服务126个",
    "应用发布率、应用可用性、应用规范性均为100%",
    "渠县县级移动端分站点已上线",
    "正在对接宣汉县分站点上线",
    "今年以来监管事项行为覆盖率为38.76%（全省排名第3位）",
    "异常目录解决率为100%",
    "项目全流程网办情况、主线办件准确率均为100%",
    "辅线办件准确率为99.32%（全省排名第4位）",
    "万达开政务服务一体化、水电气通信联动报装改革、“一业一证（照）一码”改革",
    "获得加分0.5分",
    "达州高新区报送的工作简讯《达州高新区构建“提醒”服务新模式》",
    "省大数据中心《“一网通办”攻坚快报》（第104期）采用",
    "本月事项梳理、证照印章应用2项指标工作开展情况较差",
    "存在“线上线下不一致”问题4个（达川区、大竹县、渠县、开江县各1个）",
    "电子证照未同步签章问题6个（大竹县，责任单位为大竹县财政局）",
    "新增证照签章率为99.58%（全省排名倒数第1位）",
)

FACTS_OF_SECTION_3 = (
    "（一）线上线下不一致问题较多\n近几月，省大数据中心抽查发现，我市部分部门（单位）和县（市、区）"
    "未按法律规定配置特别程序，多次出现线上线下不一致问题。",
    "达川区、大竹县、渠县、开江县因此共失分0.20分",
    "规范配置发布特别程序的办理时限、办理流程",
    "（二）证照印章应用有待加强\n因大竹县财政局在电子证照生产中未同步签章，"
    "导致该项指标在全省排名倒数第1位。本月大竹县因此失分0.30分",
    "定期核查电子证照同步生成、签章等情况，确保及时发现问题并迅速整改。",
)


@pytest.fixture(scope="session")
def month(june: Sandbox) -> ReleaseMonth:
    """June 2023 as published."""
    return read_june(june)


@pytest.fixture(scope="session")
def bulletin(month: ReleaseMonth, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Word file of June 2023."""
    path = tmp_path_factory.mktemp("bulletin") / "通报.docx"
    write_document(month, path)
    return path


@pytest.fixture(scope="session")
def pdf(bulletin: Path) -> Path:
    """The PDF of June 2023."""
    path = bulletin.with_suffix(".pdf")
    write_pdf(bulletin, path)
    return path


def section(paragraphs: list[Paragraph], number: str) -> str:
    """Text of a section, such as 一, headings included."""
    found: list[str] = []
    current = ""
    for paragraph in paragraphs:
        if paragraph.level == "heading_1":
            current = paragraph.text[0]
        if current == number:
            found.append(paragraph.text)
    return "\n".join(found)


def changed(month: ReleaseMonth, table: str, change: Callable[[Row], Row | None]) -> ReleaseMonth:
    """The month with each row of a table changed, or left out where `change` gives none."""
    rows = [new for row in month.tables[table] if (new := change(dict(row))) is not None]
    return replace(month, tables={**month.tables, table: rows})


def losing(
    month: ReleaseMonth, indicator: str, values: dict[str, str], each: str = "0.05"
) -> ReleaseMonth:
    """The month with units losing points by an indicator: values by unit, points for each."""

    def lose(row: Row) -> Row:
        if row["indicator_code"] != indicator or row["unit_name"] not in values:
            return row
        value = Decimal(values[row["unit_name"]])
        return row | {"obs_value": value, "points_lost": value * Decimal(each)}

    return changed(month, "marts.fct_indicator_scores", lose)


def write_pdf(docx: Path, path: Path) -> None:
    with converted([docx]) as pdf:
        pdf(docx, path)


def without_problems(month: ReleaseMonth) -> ReleaseMonth:
    """The month with nobody losing points and no place from the bottom."""
    spotless = changed(
        month, "marts.fct_indicator_scores", lambda row: row | {"points_lost": Decimal(0)}
    )
    return changed(
        spotless, "marts.fct_city_metrics", lambda row: row | {"is_rank_from_bottom": False}
    )


def all_paragraphs(document: WordDocument) -> Iterator[Any]:
    yield from document.element.body.iter(qn("w:p"))
    for part in document.sections:
        for footer in (part.footer, part.even_page_footer):
            yield from footer._element.iter(qn("w:p"))


def text_of(document: WordDocument) -> str:
    return "\n".join(paragraph.text for paragraph in document.paragraphs)


def test_every_printed_fact_is_said(month: ReleaseMonth) -> None:
    paragraphs = narrative(month)
    facts_by_section = zip(
        "一二三", (FACTS_OF_SECTION_1, FACTS_OF_SECTION_2, FACTS_OF_SECTION_3), strict=True
    )
    for number, facts in facts_by_section:
        text = section(paragraphs, number)
        assert not [fact for fact in facts if fact not in text]
    title = "".join(each.text for each in paragraphs if each.level == "title")
    assert title.startswith("达州市推进政府职能转变和“放管服”改革协调小组办公室关于2023年6月")
    assert "市城管执法局以90.18分排名第1位" in section(paragraphs, "一")


def test_the_cause_of_a_low_place_is_said_of_a_low_place_only(month: ReleaseMonth) -> None:
    better = changed(
        month,
        "marts.fct_city_metrics",
        lambda row: (
            row | {"is_rank_from_bottom": False} if row["metric_code"] == "new_seal_rate" else row
        ),
    )
    assert "（二）证照印章应用有待加强\n本月大竹县" in section(narrative(better), "三")


def test_a_month_without_problems(month: ReleaseMonth) -> None:
    paragraphs = narrative(without_problems(month))
    assert "本月没有因工作差错失分的单位" in section(paragraphs, "二")
    assert section(paragraphs, "三").startswith("三、下步工作要求")
    assert "主要问题" not in section(paragraphs, "三")


def test_points_that_have_to_be_earned_are_no_problem(month: ReleaseMonth) -> None:
    text = section(narrative(month), "二")
    assert "信息宣传得分" not in text
    assert "应用接入数" not in text


def test_one_problem_is_not_numbered(month: ReleaseMonth) -> None:
    late = losing(without_problems(month), "overdue_case_count", {"渠县": "3"})
    text = section(narrative(late), "二")
    assert "1项指标工作开展情况较差。存在办件超时问题3件（渠县），按时办结率为100%。" in text
    assert text.count("按时办结率") == 1


def test_units_are_listed_by_what_they_lost(month: ReleaseMonth) -> None:
    values = {"渠县": "1", "市司法局": "3", "市财政局": "1"}
    text = section(narrative(losing(without_problems(month), "overdue_case_count", values)), "二")
    assert "存在办件超时问题5件（市司法局3件，市财政局、渠县各1件）" in text


def test_many_units_are_summed_up(month: ReleaseMonth) -> None:
    values = {row["unit_name"]: "1" for row in month.tables["marts.dim_units"]}
    values |= {"渠县": "9", "市司法局": "7"}
    many = losing(without_problems(month), "negative_review_count", values)
    text = section(narrative(many), "二")
    assert (
        "存在群众差评63件（A组15个、B组26个、县（市、区）8个单位，其中渠县9件，市司法局7件）"
        in text
    )
    assert "本月49个单位因此共失分3.15分" in section(narrative(many), "三")
    even = losing(without_problems(month), "negative_review_count", dict.fromkeys(values, "1"))
    assert "存在群众差评49件（A组15个、B组26个、县（市、区）8个单位）" in section(
        narrative(even), "二"
    )


def test_rates_short_of_full_are_named_with_their_values(month: ReleaseMonth) -> None:
    low = losing(without_problems(month), "seal_rate", {"通川区": "97.50", "渠县": "80"}, "0.001")
    text = section(narrative(low), "二")
    assert "电子证照签章率不足100%的单位2个（通川区97.5%，渠县80%）" in text


def test_an_indicator_without_wording_is_named_in_general_words(month: ReleaseMonth) -> None:
    late = losing(without_problems(month), "overdue_case_count", {"渠县": "3"})
    paragraphs = narrative(
        changed(late, "intermediate.int_bulletin_problems_monthly", lambda row: None)
    )
    assert "较差。超时件数3（渠县）。" in section(paragraphs, "二")
    assert "（一）超时件数指标有待改进\n本月渠县因此失分0.15分。请有关单位" in section(
        paragraphs, "三"
    )


def test_every_indicator_of_faults_has_its_wording(month: ReleaseMonth) -> None:
    rules = {row["rule_id"]: row["is_fault"] for row in month.tables["marts.dim_rules"]}
    faults = {row["indicator_code"] for row in month.uses if rules.get(row["rule_id"])}
    worded = {
        row["indicator_code"] for row in month.tables["intermediate.int_bulletin_problems_monthly"]
    }
    assert worded == faults


def test_several_offices_are_named_apart_from_the_units(month: ReleaseMonth) -> None:
    more = losing(month, "unsealed_new_count", {"大竹县": "6", "渠县": "2"})
    text = section(narrative(more), "二")
    assert "电子证照未同步签章问题8个（大竹县6个，渠县2个，责任单位为大竹县财政局）" in text


def test_a_middling_place_is_not_told_among_what_went_well(month: ReleaseMonth) -> None:
    middling = changed(
        month,
        "marts.fct_city_metrics",
        lambda row: row | {"province_rank": 18} if row["metric_code"] == "efficiency" else row,
    )
    text = [each.text for each in narrative(middling)]
    bad = next(place for place, line in enumerate(text) if line.startswith("（二）"))
    assert not any("第18位" in line for line in text[:bad])
    assert any("全省排名第18位" in line for line in text[bad:])


def test_the_unit_is_named_beside_the_office(month: ReleaseMonth) -> None:
    """The office is what was reported; the unit is what lost the points."""
    moved = losing(
        losing(month, "unsealed_new_count", {"大竹县": "0"}), "unsealed_new_count", {"渠县": "9"}
    )
    assert "9个（渠县，责任单位为大竹县财政局）" in section(narrative(moved), "二")


def test_a_low_place_of_the_city_is_a_problem_by_itself(month: ReleaseMonth) -> None:
    low = changed(
        without_problems(month),
        "marts.fct_city_metrics",
        lambda row: row | {"is_rank_from_bottom": row["metric_code"] == "behavior_coverage_rate"},
    )
    paragraphs = narrative(low)
    good, bad = section(paragraphs, "二").split("（二）")
    assert "监管事项行为覆盖率" not in good
    assert "监管事项行为覆盖率为38.76%（全省排名倒数第3位）" in bad
    assert "“互联网+监管”工作有待加强" in section(paragraphs, "三")
    named = changed(low, "reference.dimensions", lambda row: row | {"dimension_name": "监管工作"})
    assert "（一）监管工作有待加强" in section(narrative(named), "三")


def test_changes_are_told_with_their_cause(three_months: Sandbox) -> None:
    with open_release(Project(three_months.root)) as release:
        later = read_month(release, "2023-08", CITY)
    text = "".join(each.text for each in narrative(later))
    assert (
        "与7月相比，A组得分上升的单位1个，"
        "上升最多的市水务局上升0.24分（主要是监管事项行为覆盖率）；"
    ) in text
    assert "不能直接比较" not in text
    rules = "marts.fct_scores_by_previous_rules"
    changed = [
        {**row, "is_comparable": row["group_code"] != "county"} for row in later.tables[rules]
    ]
    text = "".join(
        each.text for each in narrative(replace(later, tables={**later.tables, rules: changed}))
    )
    assert text.count("不能直接比较") == 1
    assert "县（市、区）的规则、权重、指标或成员有变动，名次与7月不能直接比较" in text


def test_a_first_month_is_compared_with_none(month: ReleaseMonth) -> None:
    assert "相比" not in "".join(each.text for each in narrative(month))


def test_a_tie_for_the_first_place(month: ReleaseMonth) -> None:
    tied = {"市城管执法局", "市交通运输局"}
    text = section(
        narrative(
            changed(
                month,
                "marts.fct_composite_scores",
                lambda row: row | {"score_rank": 1} if row["unit_name"] in tied else row,
            )
        ),
        "一",
    )
    assert "市城管执法局、市交通运输局并列以90.18分排名第1位" in text
    everyone = changed(month, "marts.fct_composite_scores", lambda row: row | {"score_rank": 1})
    assert "县（市、区）8个单位并列以90.98分排名第1位" in section(narrative(everyone), "一")


def test_a_group_in_which_nobody_is_behind_has_its_chart(
    month: ReleaseMonth, tmp_path: Path
) -> None:
    equal = changed(
        month,
        "marts.fct_dimension_scores",
        lambda row: row | {"score": row["weight"]} if row["group_code"] == "B" else row,
    )
    write_document(equal, tmp_path / "equal.docx")
    assert len(Document(str(tmp_path / "equal.docx")).inline_shapes) == 3


@pytest.mark.parametrize(
    ("missing", "gone", "kept"),
    [
        ("comprehensive_score", "综合得分", "49个单位"),
        ("new_case_count", "本月新增办件", "全年累计办件129.79万件"),
        ("subsite_planned", "正在对接", "渠县县级移动端分站点已上线"),
        ("publicity_unit", "信息宣传方面", "创新服务方面"),
        ("innovation_bonus_points", "创新服务方面", "信息宣传方面"),
        ("unsealed_new_office", "大竹县财政局", "电子证照未同步签章问题6个（大竹县）"),
        ("new_seal_rate", "倒数", "电子证照未同步签章问题6个（大竹县，责任单位为大竹县财政局）。"),
        ("efficiency", "运行效能、", "分站点建设维护、“互联网+监管”、工程审批均在全省排名第1位"),
    ],
)
def test_what_has_not_arrived_is_not_said(
    month: ReleaseMonth, missing: str, gone: str, kept: str
) -> None:
    partial = changed(
        month,
        "marts.fct_city_metrics",
        lambda row: None if row["metric_code"] == missing else row,
    )
    text = "".join(paragraph.text for paragraph in narrative(partial))
    assert gone not in text
    assert kept in text
    assert "None" not in text


def test_a_month_without_any_city_figure(month: ReleaseMonth, tmp_path: Path) -> None:
    bare = without_problems(changed(month, "marts.fct_city_metrics", lambda row: None))
    text = "".join(paragraph.text for paragraph in narrative(bare))
    assert "本月没有全市指标数据。" in text
    assert "None" not in text
    write_document(bare, tmp_path / "bare.docx")
    document = Document(str(tmp_path / "bare.docx"))
    assert "None" not in text_of(document)
    assert document.core_properties.created.date() == month.first_day


def test_the_document_holds_the_text_and_the_list_of_annexes(
    month: ReleaseMonth, bulletin: Path
) -> None:
    document = Document(str(bulletin))
    text = text_of(document)
    for paragraph in narrative(month):
        if paragraph.level != "title":
            assert paragraph.text in text
    assert "2023年第5期" in text
    for annex in month.annexes:
        assert f"{annex.number}.\t{annex.title}{annex.period_line}" in text
        assert f"附件{annex.number}\n{annex.title}" in text
        assert all(note in text for note in annex.notes)
    assert text.endswith("改革协调小组办公室\t2023年7月29日印发")
    listed = [line for line in text.splitlines() if re.match(r"(附件：)?\d+\.\t", line)]
    assert not [line for line in listed[:11] if line[-1] in "。；，"]


def test_the_list_of_annexes_is_one_with_its_signature(month: ReleaseMonth, tmp_path: Path) -> None:
    """It is never broken; on the page before it, if it begins one, stands a quarter of a page."""
    for each in (month, without_problems(month)):
        write_document(each, tmp_path / "list.docx")
        paragraphs = Document(str(tmp_path / "list.docx")).paragraphs
        places = [n for n, line in enumerate(paragraphs) if line._p.style == "附件说明"]
        assert len(places) == 11
        for line in (paragraphs[place] for place in places):
            assert line.paragraph_format.keep_together and line.paragraph_format.keep_with_next
        assert paragraphs[places[-1] + 1]._p.style == "署名和日期"
        end = places[0]
        kept = [paragraphs[end - 1]]
        while paragraphs[end - 1 - len(kept)].paragraph_format.keep_with_next:
            kept.append(paragraphs[end - 1 - len(kept)])
        assert all(line.paragraph_format.keep_together for line in kept)
        assert not kept[0].paragraph_format.keep_with_next
        assert sum(-(-(2 + len(line.text)) // 28) for line in kept) >= 22 / 4


def test_the_document_holds_every_cell_of_the_annexes(month: ReleaseMonth, bulletin: Path) -> None:
    tables = Document(str(bulletin)).tables
    assert len(tables) == len(month.annexes) == 11
    read = {}
    for annex, table in zip(month.annexes, tables, strict=True):
        for place, row in enumerate(list(table.rows)[annex.heading_rows :], start=1):
            for column, cell in zip(annex.columns, row.cells, strict=True):
                read[annex.number, place, column.name] = cell.text
    in_mart = {
        (cell["annex_no"], cell["row_no"], cell["column_name"]): cell["cell_text"]
        for cell in month.tables["audit.annex_cells"]
    }
    assert read == in_mart
    printed = month.tables["audit.cell_reconciliation"]
    assert len(printed) == 2253
    assert all(
        read[cell["annex_no"], cell["row_no"], cell["column_name"]] == cell["corrected_value"]
        for cell in printed
    )


def test_headings_are_merged_and_repeated(month: ReleaseMonth, bulletin: Path) -> None:
    for annex, table in zip(month.annexes, Document(str(bulletin)).tables, strict=True):
        rows = list(table.rows)
        for heading in annex.headings:
            for row in range(heading.row, heading.row + heading.row_span):
                for column in range(heading.column, heading.column + heading.column_span):
                    text = rows[row].cells[column].text
                    assert text.replace("\n", "") == heading.text
        marked = [row._tr.trPr.find(qn("w:tblHeader")) is not None for row in rows]
        assert marked == [place < annex.heading_rows for place in range(len(rows))]
        assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for row in rows)


def test_no_number_is_broken(month: ReleaseMonth, bulletin: Path) -> None:
    for annex, table in zip(month.annexes, Document(str(bulletin)).tables, strict=True):
        widths = [column.width.pt for column in table.columns]
        assert sum(widths) == pytest.approx(225 / 25.4 * 72, abs=1)
        for row in list(table.rows)[annex.heading_rows :]:
            for cell, width, column in zip(row.cells, widths, annex.columns, strict=True):
                (run,) = cell.paragraphs[0].runs or [None]
                size = run.font.size.pt if run is not None and run.font.size else 9
                if column.number_format != "@":
                    assert width_in_ems(cell.text) * size <= width


def test_same_month_same_bytes(month: ReleaseMonth, bulletin: Path, tmp_path: Path) -> None:
    write_document(month, tmp_path / "again.docx")
    assert (tmp_path / "again.docx").read_bytes() == bulletin.read_bytes()


def test_the_page_is_that_of_the_standard(bulletin: Path) -> None:
    document = Document(str(bulletin))
    upright, lying = document.sections
    millimetres = [
        round(length.mm)  # type: ignore[union-attr]
        for length in (
            upright.page_width, upright.page_height, upright.top_margin, upright.left_margin,
            upright.bottom_margin, upright.right_margin,
        )
    ]  # fmt: skip
    assert millimetres == [210, 297, 37, 28, 35, 26]
    assert lying.orientation == WD_ORIENT.LANDSCAPE
    assert lying.page_width == upright.page_height
    assert document.settings.odd_and_even_pages_header_footer
    for footer in (upright.footer, upright.even_page_footer):
        assert footer.paragraphs[0].text == "— 1 —"
    levels = {
        style.name: style.element.find(f".//{qn('w:outlineLvl')}") for style in document.styles
    }
    outline = {name: level.get(qn("w:val")) for name, level in levels.items() if level is not None}
    assert outline == {
        "通报标题": "0", "附件标识": "0", "附件标题": "1", "一级标题": "1", "二级标题": "2",
    }  # fmt: skip


def test_every_run_has_a_chinese_typeface(bulletin: Path) -> None:
    document = Document(str(bulletin))
    runs = [run for paragraph in all_paragraphs(document) for run in paragraph.iter(qn("w:r"))]
    assert len(runs) > 2500
    for run in runs:
        faces = run.rPr.rFonts
        names = {faces.get(qn(f"w:{slot}")) for slot in ("eastAsia", "ascii", "hAnsi")}
        assert len(names) == 1 and None not in names


def test_charts_say_what_they_show(month: ReleaseMonth, bulletin: Path) -> None:
    pictures = Document(str(bulletin)).inline_shapes
    assert len(pictures) == 3
    for picture in pictures:
        assert "综合得分由高到低" in picture._inline.docPr.get("descr")
    with zipfile.ZipFile(bulletin) as archive:
        drawings = [archive.read(f"word/media/drawing{each}.svg").decode() for each in (1, 2, 3)]
    # Nobody knows the greys without their names.
    assert all(">专项工作<" in drawing for drawing in drawings)


def test_markup_in_a_name_stays_text(month: ReleaseMonth, tmp_path: Path) -> None:
    name = '<w:p>&amp;]]>"=1+1\x07\ufffe{{ office_name }}{% raise %}\n## 一'
    shown = '<w:p>&amp;]]>"=1+1{{ office_name }}{% raise %}'

    def rename(row: Row) -> Row:
        return row | {"unit_name": name} if row.get("unit_name") == "达川区" else row

    renamed = hostile(month)
    for table in ("marts.fct_indicator_scores", "marts.fct_composite_scores"):
        renamed = changed(renamed, table, rename)
    annexes = tuple(
        replace(
            annex,
            texts=tuple(
                tuple(name if text == "达川区" else text for text in row) for row in annex.texts
            ),
        )
        for annex in renamed.annexes
    )
    write_document(replace(renamed, annexes=annexes), tmp_path / "hostile.docx")
    document = Document(str(tmp_path / "hostile.docx"))
    assert f"（{shown} ## 一、大竹县、渠县、开江县各1个）" in text_of(document)
    cells = {cell.text for table in document.tables for row in table.rows for cell in row.cells}
    assert f"{shown}\n## 一" in cells
    assert {printable(each) for each in HOSTILE} <= cells


def test_numbers_in_chinese() -> None:
    assert [chinese_number(number) for number in (1, 10, 11, 20, 35)] == [
        "一", "十", "十一", "二十", "三十五",
    ]  # fmt: skip


@pytest.mark.needs("soffice")
def test_the_pdf_shows_the_document(month: ReleaseMonth, pdf: Path) -> None:
    with pikepdf.open(pdf) as opened:
        turned = [page.mediabox[2] > page.mediabox[3] for page in opened.pages]
        outline = opened.open_outline().root
        titles = {str(each.title) for item in outline for each in (item, *item.children)}
        assert opened.Root.MarkInfo.Marked and opened.Root.Lang == "zh-CN"
        # Charts are drawn, not pictures.
        assert not any(page.images for page in opened.pages)
    assert turned == sorted(turned)
    assert 4 <= turned.count(False) <= 6
    assert 11 <= turned.count(True) <= 22
    annexes = {text for each in month.annexes for text in (f"附件{each.number}", each.title)}
    assert annexes <= titles


@pytest.mark.needs("soffice")
def test_a_typeface_that_is_not_there_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    families = "<family>没有的字体</family><accept><family>{}</family></accept>"
    told = []
    for accepted in ("也没有的字体", "Noto Sans CJK SC"):
        path = tmp_path / "fonts.conf"
        path.write_text(
            "<fontconfig><include>/etc/fonts/fonts.conf</include>"
            f"<alias binding='same'>{families.format(accepted)}</alias></fontconfig>"
        )
        monkeypatch.setattr("ywtb.exports.bulletin.pdf.FONTS", path)
        told.append(missing_typefaces.__wrapped__())
    assert told == [("没有的字体",), ()]


@pytest.mark.needs("soffice", "pdftotext")
def test_the_pdf_says_what_the_document_says(pdf: Path) -> None:
    said = subprocess.run(
        ["pdftotext", str(pdf), "-"], capture_output=True, text=True, check=True
    ).stdout
    text = re.sub(r"\s", "", said)
    for fact in (*FACTS_OF_SECTION_1, "24.9万件", "99.58%", "附件11", "—1—"):
        assert fact in text
    pages = [re.sub(r"\s", "", page) for page in said.split("\f")[:-1]]
    (listed,) = (page for page in pages if "附件：1." in page)
    assert "11.县（市、区）“互联网+监管”情况表" in listed and "2023年7月29日" in listed
    # Notes stand below rows: the pages after that of the charts all have a table.
    (charts,) = (number for number, page in enumerate(pages) if page.startswith("附图"))
    assert all("序号" in page for page in pages[charts + 1 :])


@pytest.mark.needs("soffice")
def test_same_document_same_pdf(bulletin: Path, pdf: Path, tmp_path: Path) -> None:
    write_pdf(bulletin, tmp_path / "again.pdf")
    assert (tmp_path / "again.pdf").read_bytes() == pdf.read_bytes()


def test_what_fails_beside_a_conversion_ends_it(
    bulletin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = fake_office(tmp_path, "echo $$ >'{folder}/pid.new'; mv '{folder}/pid.new' '{folder}/pid'",
                      "sleep 300", monkeypatch=monkeypatch) / "pid"  # fmt: skip
    with pytest.raises(ZeroDivisionError), converted([bulletin]):
        while not pid.is_file():
            time.sleep(0.02)
        raise ZeroDivisionError
    assert not is_running(Path("/proc", pid.read_text().strip()))


def fake_office(folder: Path, *lines: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A LibreOffice of some lines of shell, alone on the path with the usual tools."""
    office = folder / "soffice"
    office.write_text("\n".join(["#!/bin/sh", *lines, ""]).replace("{folder}", str(folder)))
    office.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


@pytest.mark.needs("soffice")
def test_one_libreoffice_converts_all(bulletin: Path, pdf: Path, tmp_path: Path) -> None:
    second = tmp_path / "month" / "new" / "通报.docx"
    second.parent.mkdir(parents=True)
    shutil.copy(bulletin, second)
    with converted([bulletin, second]) as put:
        put(second, tmp_path / "second.pdf")
        put(bulletin, tmp_path / "first.pdf")
    made = [(tmp_path / name).read_bytes() for name in ("first.pdf", "second.pdf")]
    assert made == [pdf.read_bytes()] * 2


def test_a_conversion_ends_with_whoever_was_killed(bulletin: Path, tmp_path: Path) -> None:
    """With all that LibreOffice started; nothing is left where others keep their files."""
    pids, temporary, folder = tmp_path / "pids", tmp_path / "tmp", tmp_path / "month" / "new"
    office = tmp_path / "soffice"
    office.write_text(f"#!/bin/sh\nsleep 300 &\necho $$ $! >'{pids}'\nwait\n")
    office.chmod(0o755)
    temporary.mkdir()
    folder.mkdir(parents=True)
    document = Path(shutil.copy(bulletin, folder))
    code = (
        "import os, sys, time\nfrom pathlib import Path\n"
        "from ywtb.exports.bulletin.pdf import converted\n"
        "document, pids = map(Path, sys.argv[1:])\n"
        "with converted([document]):\n"
        "    while not pids.is_file() or not pids.read_text():\n        time.sleep(0.02)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    environment = os.environ | {"PATH": f"{tmp_path}:/usr/bin:/bin", "TMPDIR": str(temporary)}
    done = subprocess.run(
        [sys.executable, "-c", code, str(document), str(pids)], env=environment, check=False
    )
    assert done.returncode == -9
    started = [Path("/proc", pid) for pid in pids.read_text().split()]
    assert len(started) == 2
    for _ in range(200):
        if not any(is_running(process) for process in started):
            break
        time.sleep(0.05)
    else:
        pytest.fail("LibreOffice still runs")
    assert list(temporary.iterdir()) == []
    assert {path.name.split(".")[0] for path in folder.parent.iterdir()} == {"new", "pdf"}


def test_a_failing_libreoffice_is_an_error_with_its_words(
    bulletin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_office(tmp_path, "echo source file could not be loaded", monkeypatch=monkeypatch)
    with pytest.raises(ConversionError, match="could not be loaded"):
        write_pdf(bulletin, tmp_path / "never.pdf")
    assert not (tmp_path / "never.pdf").exists()
