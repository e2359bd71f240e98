"""Correction notices as official documents, and the mark of the bulletin that they correct."""

import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from docx import Document
from docx.oxml.ns import qn

from conftest import ROOT, Sandbox
from export_months import HOSTILE, REVISION, hostile, read_june
from ywtb.assessment.figures import printable
from ywtb.exports import bulletin
from ywtb.exports import notices as notices_format
from ywtb.exports.bulletin.document import write_document
from ywtb.exports.bulletin.narrative import template
from ywtb.exports.bulletin.notice import NOTICE, mark, write_notice
from ywtb.exports.bulletin.pdf import converted
from ywtb.exports.corrections import notices
from ywtb.exports.exposures import exposures
from ywtb.exports.formats import Job
from ywtb.exports.published_record import content_of
from ywtb.exports.release_month import ReleaseMonth
from ywtb.project import Project
from ywtb.release.queries import Row

HEADINGS = ["所在", "单位或事项", "栏目", "原为", "现为", "名次"]


@pytest.fixture(scope="module")
def month(june: Sandbox) -> ReleaseMonth:
    """June 2023 as published."""
    return read_june(june)


def revised(month: ReleaseMonth, *changes: dict[str, Any]) -> ReleaseMonth:
    """The month with corrections like `REVISION` but for what is given, all of one release."""
    rows: list[Row] = [REVISION | {"reason": "渠县申诉成立。"} | change for change in changes]
    return replace(month, tables={**month.tables, "audit.revisions": rows})


def days_later(days: int) -> dict[str, datetime]:
    return {"revised_at": datetime(2023, 8, 1, 9, 30) + timedelta(days=days)}


def written(month: ReleaseMonth, folder: Path, number: int = -1) -> Any:
    """A notice of the month as a document, by default the last."""
    path = folder / "更正通知.docx"
    write_notice(month, notices(month)[number], path)
    return Document(str(path))


def text_of(document: Any) -> str:
    return "\n".join(paragraph.text for paragraph in document.paragraphs)


def lines_of(document: Any) -> list[list[str]]:
    return [[cell.text for cell in row.cells] for table in document.tables for row in table.rows]


def test_a_notice_says_what_was_wrong_and_what_is_right(
    month: ReleaseMonth, tmp_path: Path
) -> None:
    found = written(
        revised(
            month,
            {"new_value": "90.46"},
            {"printed_in": "通报文字", "unit_name": "", "column_name": "第6段",
             "old_value": "甲。乙得分为1.50分，" + "丙" * 40 + "。丁。",
             "new_value": "甲。乙得分为1.60分，" + "丙" * 40 + "。丁。"},
            {"printed_in": "附件8", "column_name": "线上线下一致性", "old_value": "1",
             "new_value": None, "old_rank": 5, "new_rank": 5},
        ),
        tmp_path,
    )  # fmt: skip
    text = text_of(found)
    for said in (
        "更正通知",
        "2023年6月更正第1号",
        "关于更正2023年6月全市“一网通办”\n推进情况通报的通知",
        "各县（市、区），市级有关部门（单位）：",
        "（2023年第5期，2023年7月29日印发）及所附材料有3处有误，现予更正。更正原因：渠县申诉成立。",
        "改革协调小组办公室\n2023年8月1日\n",
        "\t2023年8月1日印发",
    ):
        assert said in text, said
    assert "。。" not in text
    assert lines_of(found) == [
        HEADINGS,
        ["附件3", "渠县", "综合得分", "90.36", "90.46", "5 → 4"],
        ["附件8", "渠县", "线上线下一致性", "1", "无", "—"],
        ["正文", "—", "第6段", "…乙得分为1.50分，" + "丙" * 40 + "。…",
         "…乙得分为1.60分，" + "丙" * 40 + "。…", "5 → 4"],
    ]  # fmt: skip


def test_what_nobody_reads_is_left_out(month: ReleaseMonth, tmp_path: Path) -> None:
    data = {"printed_in": "数据", "unit_name": "marts.dim_units", "column_name": "校验和"}
    formats = {"unit_name": "县汇总表", "column_name": "数字格式"}
    rule = {"printed_in": "规则", "unit_name": "connected_app_count__county",
            "column_name": "规则"}  # fmt: skip
    lines = lines_of(written(revised(month, data, formats, rule), tmp_path))
    assert [line[:3] for line in lines] == [HEADINGS[:3], ["计分规则", "应用接入数", "规则"]]
    silent = written(revised(month, data), tmp_path)
    assert silent.tables == []
    assert "所印文字和数字没有变动" in text_of(silent)


def test_notices_are_numbered_and_dated_by_the_clock_of_the_office(month: ReleaseMonth) -> None:
    late = {"revised_at": datetime(2023, 8, 2, 16, 0)}
    found = notices(revised(month, late, REVISION, late))
    assert [(each.number, f"{each.day}", len(each.rows)) for each in found] == [
        (1, "2023-08-01", 1),
        (2, "2023-08-03", 2),
    ]


def test_a_corrected_bulletin_is_marked_and_its_record_is_not(
    month: ReleaseMonth, tmp_path: Path
) -> None:
    unseen = {"printed_in": "规则"} | days_later(2)
    corrected = revised(month, {}, days_later(1), unseen)
    assert mark(corrected) == "（更正版，依据2023年8月2日更正通知第2号）"
    assert mark(month) == mark(revised(month, unseen)) == ""
    for name, each in (("first", month), ("corrected", corrected)):
        write_document(each, tmp_path / f"{name}.docx")
    first, marked = (
        text_of(Document(str(tmp_path / f"{name}.docx"))) for name in ("first", "corrected")
    )
    assert marked.replace(f"{mark(corrected)}\n", "") == first != marked
    assert f"2023年第5期\n{mark(corrected)}" in marked
    assert content_of(corrected) == content_of(month)


def test_withdrawn_and_published_again(month: ReleaseMonth, tmp_path: Path) -> None:
    whole = {"printed_in": "整月", "unit_name": "511700", "column_name": "全部",
             "old_rank": None, "new_rank": None}  # fmt: skip
    both = revised(
        month,
        whole | {"old_value": "已发布", "new_value": None},
        whole | {"old_value": None, "new_value": "已发布"} | days_later(1),
    )
    for number, said in enumerate(("现予撤回。", "撤回后，现重新发布。")):
        document = written(both, tmp_path, number)
        assert said in text_of(document)
        assert document.tables == []


def test_same_notice_same_bytes(month: ReleaseMonth, tmp_path: Path) -> None:
    (notice,) = notices(revised(month, {}))
    for name in ("first", "second"):
        write_notice(month, notice, tmp_path / name)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_names_stay_text(month: ReleaseMonth, tmp_path: Path) -> None:
    changes = [
        {"unit_name": name, "column_name": name, "old_value": name, "reason": name}
        for name in HOSTILE
    ]
    lines = lines_of(written(revised(hostile(month), *changes), tmp_path))[1:]
    assert [line[1] for line in lines] == [
        printable(" ".join(name.split())).replace("|", "／") for name in HOSTILE
    ]


@pytest.mark.needs("soffice", "pdftotext")
def test_a_long_table_repeats_its_headings(month: ReleaseMonth, tmp_path: Path) -> None:
    long = revised(month, *[{"old_value": f"{number}"} for number in range(90)])
    document = written(long, tmp_path)
    marked = [row._tr.trPr.find(qn("w:tblHeader")) is not None for row in document.tables[0].rows]
    assert marked == [True, *[False] * 90]
    with converted([tmp_path / "更正通知.docx"]) as pdf:
        pdf(tmp_path / "更正通知.docx", tmp_path / "更正通知.pdf")
    said = subprocess.run(
        ["pdftotext", str(tmp_path / "更正通知.pdf"), "-"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    pages = said.split("\f")[:-1]
    assert len(pages) > 2
    assert all("单位或事项" in page for page in pages)


def test_one_libreoffice_makes_the_pdfs_of_notices_too(
    month: ReleaseMonth, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the files that are offered are those that are written."""
    revised_month, made = revised(month, {}, days_later(1)), list[list[Path]]()

    @contextmanager
    def converting(documents: Sequence[Path]) -> Iterator[Callable[[Path, Path], object]]:
        made.append(list(documents))
        yield shutil.copyfile

    monkeypatch.setattr(bulletin, "converted", converting)
    for module in (bulletin, notices_format):
        monkeypatch.setattr(module, "libreoffice", lambda: "soffice")
    with duckdb.connect() as connection:
        job = Job(lambda: revised_month, connection, tmp_path, {}, exposures(Project(ROOT)))
        for each in (notices_format.FORMAT, bulletin.FORMAT):
            each.write(job)
    assert bulletin.FORMAT.aside is not None
    with bulletin.FORMAT.aside([job]) as wait:
        wait(job)
    assert [len(documents) for documents in made] == [3]
    assert sorted(each.path for each in job.downloads) == sorted(
        path.name for path in tmp_path.iterdir()
    )
    release = REVISION["release_id"]
    assert [each.path for each in job.downloads[:4]] == [
        f"更正通知_{release}.docx", f"更正通知_{release}.pdf", f"更正通知_{release}.txt",
        f"更正通知_{release}_2.docx",
    ]  # fmt: skip


def test_every_name_of_a_place_is_one_that_records_have(month: ReleaseMonth) -> None:
    """Else the template would call a place something that no change has."""
    blank = dict.fromkeys(("year", "month", "number", "day", "office_name", "issue", "issued",
                           "reason", "whole", "changes"), "")  # fmt: skip
    places = template(NOTICE).make_module(blank).places  # type: ignore[attr-defined]
    assert set(places) < set(content_of(month))
