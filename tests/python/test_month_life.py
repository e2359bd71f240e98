"""A month as an office lives it: it comes in parts, is drafted, contested, and only then final."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import docx
import duckdb
import openpyxl
import pytest

from conftest import Sandbox, copy_of, copy_project, edit, read_csv
from export_months import read_june
from intake_months import FOLDER, MONTH, Sheets, layout_of, random_month, write_csvs
from ywtb.exports.bulletin.document import write_document
from ywtb.exports.release_month import final_months
from ywtb.exports.site.pages import write_site
from ywtb.exports.workbook.workbook import write_workbook
from ywtb.pipeline.fingerprints import month_checksums
from ywtb.pipeline.publication import obstacles
from ywtb.project import Project

UNIT, CODE, HEADING = "市水务局", "overdue_case_count", "超时件数"


@dataclass
class Life:
    """What the commands of a month printed, by step, and what files were there then."""

    sandbox: Sandbox
    sheets: Sheets
    said: dict[str, str] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)

    def do(self, step: str, *arguments: str, code: int = 0) -> str:
        """Run a command, which must exit with `code`, and keep what it says."""
        done = self.sandbox.run(*arguments)
        assert done.returncode == code, (step, done.stdout, done.stderr)
        self.said[step] = done.stdout + done.stderr
        return self.said[step]

    def hand_in(self, step: str, keep: Callable[[str, list[str]], bool], code: int = 0) -> str:
        """Take in the rows of which `keep` says so by feed and row."""
        folder = self.sandbox.root / "in" / step
        part = {
            feed: [rows[0], *(row for row in rows[1:] if keep(feed, row))]
            for feed, rows in self.sheets.items()
        }
        write_csvs(folder, layout_of(Project(self.sandbox.root)), {
            feed: rows for feed, rows in part.items() if len(rows) > 1
        })  # fmt: skip
        return self.do(step, "ingest", str(folder), "--month", MONTH, code=code)

    def place(self) -> tuple[int, int]:
        """Row and column of the contested cell in its sheet."""
        sheet = self.sheets["efficiency"]
        row = next(n for n, row in enumerate(sheet) if row[0] == UNIT)
        return row, sheet[0].index(HEADING)


def july(sandbox: Sandbox, scratch: Sandbox) -> Sheets:
    """A month of full marks with some faults, with Chinese headings."""
    scratch.add_month(FOLDER, {("渠县", "guide_error_count"): "2", ("市残联", "seal_rate"): "99%"})
    sheets = {}
    for feed in layout_of(Project(sandbox.root)).feeds:
        path = scratch.raw(feed.name, FOLDER)
        if path.is_file():
            labels = {column.name: column.label for column in feed.columns}
            labels[feed.key] = feed.key_label
            rows = read_csv(path)
            header = [labels[name] for name in rows[0]]
            sheets[feed.name] = [header, *(list(row.values()) for row in rows)]
    return sheets


@pytest.fixture(scope="module")
def life(june: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Life:
    sandbox = copy_of(june, tmp_path_factory.mktemp("life") / "project")
    sheets = july(sandbox, copy_project(tmp_path_factory.mktemp("july")))
    life = Life(sandbox, sheets)
    row, column = life.place()
    sheets["efficiency"][row][column] = "7"

    life.hand_in("first part", lambda feed, row: row[0] == UNIT)
    life.seen["first part"] = json.loads(sandbox.run("status", "--json").stdout)["months"][-1]
    life.do("refresh while collecting", "refresh")
    life.hand_in("the others", lambda feed, row: row[0] != UNIT and feed != "city_metrics")
    sheets["efficiency"][row][column] = "8"
    life.hand_in("another value", lambda feed, row: row[0] == UNIT, code=1)
    sheets["efficiency"][row][column] = "7"
    life.hand_in("city figures", lambda feed, row: feed == "city_metrics")

    life.do("first draft", "refresh")
    life.do("object", "object", MONTH, UNIT, HEADING, "--claim", "应为 3 件", "--evidence", "来函")
    life.do("object again", "object", MONTH, "渠县", "专项工作", "--claim", "得分偏低")
    life.do("set", "set", MONTH, UNIT, HEADING, "3", "--reason", "系统重复计数")
    (entry,) = re.findall(r"archive/2023_07/(\S+)", life.said["set"])
    life.do("decide", "decide", "2023-07-异1", "upheld", "--reason", "属实", "--by", entry)

    life.do("draft", "refresh")
    life.seen["draft"] = {
        path.relative_to(sandbox.root).as_posix() for path in sandbox.root.glob("exports/**/*")
    }
    life.seen["records"] = [path.name for path in (sandbox.root / "published").iterdir()]
    draft = sandbox.root / "exports" / "draft" / MONTH
    document = docx.Document(str(draft / "通报.docx"))
    life.seen["document"] = [part.header.paragraphs[0].text for part in document.sections]
    workbook = openpyxl.load_workbook(draft / "附件1-11.xlsx")
    life.seen["sheets"] = [sheet["A1"].value for sheet in workbook]
    life.seen["pages"] = [
        path.read_text(encoding="utf-8") for path in (draft / "site").rglob("*.html")
    ]
    life.seen["scores"] = json.loads((draft / "data" / "scores.json").read_text(encoding="utf-8"))
    life.seen["explained"] = sandbox.run("explain", UNIT, "--month", MONTH).stdout

    life.do("too early", "publish", MONTH, code=1)
    life.do("decide again", "decide", "2023-07-异2", "rejected", "--reason", "无误")
    life.do("list warnings", "acknowledge", MONTH)
    life.do("acknowledge", "acknowledge", MONTH, "--all", "--reason", "随机数据")
    life.do("publish", "publish", MONTH)
    return life


@pytest.mark.soak
def test_parts_come_in_any_order(life: Life) -> None:
    assert "还缺" in life.said["first part"]
    state = life.seen["first part"]
    assert (state["month"], state["stage"]) == (MONTH, "collecting")
    assert {part["rows"][0] for part in state["received"]} == {UNIT}
    gaps = [gap["text"] for gap in state["missing"]]
    assert {"[全市指标]", "[证照应用] 市财政局"} <= set(gaps)
    assert not any(gap["of"] == UNIT for gap in state["missing"])
    assert f"{MONTH} 收数中" in life.said["refresh while collecting"]
    assert "已收齐" not in life.said["the others"]
    assert "已收齐" in life.said["city figures"]


@pytest.mark.soak
def test_two_parts_that_disagree_are_both_named(life: Life) -> None:
    lines = life.said["another value"].splitlines()
    name = f"raw_efficiency__{FOLDER}.csv"
    assert lines[0].startswith(f"{name} 第2行 {UNIT} “{HEADING}”列：“8”；应为：与已收的 “7” 一致")
    assert re.search(rf"（{name} [A-Z]+2）", lines[0])
    assert lines[1] == "发现 1 处问题，什么也没有写入"


@pytest.mark.soak
def test_a_draft_is_shown_apart_and_marked_everywhere(life: Life) -> None:
    assert f"exports/draft/{MONTH}/manifest.json" in life.seen["draft"]
    assert not any(name.startswith(f"exports/{MONTH}") for name in life.seen["draft"])
    assert life.seen["records"] == ["2023-06.json"], "a draft is not frozen"
    assert set(life.seen["document"]) == {"征求意见稿"}
    assert all("征求意见稿" in title for title in life.seen["sheets"])
    assert all('<p class="mark">征求意见稿</p>' in page for page in life.seen["pages"])
    assert life.seen["scores"]["stage"] == "draft"


@pytest.mark.soak
def test_the_summary_of_a_draft_says_places_changes_and_warnings(life: Life) -> None:
    said = life.said["draft"]
    assert f"{MONTH}  征求意见  单位 49" in said
    assert len(re.findall(r"(?m)^  \S+ 第\d+名 \S+ [\d.]+（比 2023-06 [+-]", said)) == 49
    assert len(re.findall(r"(?m)^提醒 [0-9a-f]{8}：", said)) > 3
    assert f"看过后运行 ywtb publish {MONTH}" in said.splitlines()[-1]


@pytest.mark.soak
def test_what_stands_in_the_way_of_publishing_is_told(life: Life) -> None:
    said = life.said["too early"]
    assert "异议 2023-07-异2（渠县）还没有处理" in said
    assert "异1" not in said
    assert f"ywtb acknowledge {MONTH}" in said
    assert said.splitlines()[-1] == f"{MONTH} 没有发布"
    assert "0 条没有确认" not in life.said["list warnings"]


@pytest.mark.soak
def test_a_published_month_is_final(life: Life) -> None:
    exports = life.sandbox.root / "exports"
    assert (exports / MONTH / "manifest.json").is_file()
    assert not (exports / "draft").exists()
    assert (life.sandbox.root / "published" / f"{MONTH}.json").is_file()
    _, state = life.sandbox.reference("months")
    assert (state["stage"], bool(state["published_on"])) == ("final", True)
    page = (exports / MONTH / "site" / "index.html").read_text(encoding="utf-8")
    assert "征求意见稿" not in page
    assert life.sandbox.run("publish", MONTH).returncode == 1
    done = life.sandbox.run("discard", MONTH)
    assert (done.returncode, "已发布，不能撤回" in done.stderr) == (2, True)


@pytest.mark.soak
def test_explain_names_the_senders_cell_and_the_objection(life: Life) -> None:
    lines = life.seen["explained"].splitlines()
    (source,) = [line for line in lines if f"raw_efficiency__{FOLDER}.csv" in line]
    assert "原值“3”，来自 手工更正.txt" in source
    assert f"异议 2023-07-异1 {HEADING}：应为 3 件；采纳：属实" in life.seen["explained"]
    assert "征求意见中，有异议的向" in lines[-1]
    rows = life.sandbox.rows(
        "select seen_value, source_file, decision, contested_value from audit.cell_sources "
        "inner join audit.unit_objections on row_key = unit_name and column_name = indicator_code"
    )
    assert rows == [("3", "手工更正.txt", "upheld", "7")]
    told = (
        f"select objection_ids from explain('{UNIT}', date '2023-07-01') where objection_ids > ''"
    )
    assert life.sandbox.rows(told) == [("2023-07-异1",)]


@pytest.mark.soak
def test_changes_of_a_draft_are_told_with_their_cause(life: Life) -> None:
    changes = life.sandbox.rows(
        "select unit_name, old_score - new_score, cause from audit.draft_changes"
    )
    cause = "异议 2023-07-异1：超时件数 7 → 3（系统重复计数）"
    assert changes == [(UNIT, Decimal("-0.2"), cause)]
    assert "征求意见稿的变化" in life.seen["explained"]
    page = next(page for page in life.seen["pages"] if f"<h1>{UNIT}" in page)
    assert cause in page


def test_every_page_and_sheet_of_a_draft_is_marked(june: Sandbox, tmp_path: Path) -> None:
    final = read_june(june)
    state = {**final.state, "stage": "draft"}
    draft = replace(final, tables={**final.tables, "marts.dim_months": [state]})
    write_document(draft, tmp_path / "通报.docx")
    write_workbook(draft, tmp_path / "附件1-11.xlsx")
    write_site(draft, tmp_path / "site", [], {})
    for folder, mark in ((june.root / "exports" / "2023-06", ""), (tmp_path, "征求意见稿")):
        document = docx.Document(str(folder / "通报.docx"))
        assert {part.header.paragraphs[0].text for part in document.sections} == {mark}
        sheets = openpyxl.load_workbook(folder / "附件1-11.xlsx")
        assert {"征求意见稿" in sheet["A1"].value for sheet in sheets} == {bool(mark)}
        pages = [page.read_text(encoding="utf-8") for page in (folder / "site").rglob("*.html")]
        assert {'<p class="mark">' in page for page in pages} == {bool(mark)}


def test_what_keeps_a_draft_from_being_published(june_copy: Sandbox) -> None:
    """June taken for a draft: it is not on record as final, and every obstacle is named."""
    project = Project(june_copy.root)
    copied = june_copy.root / "draft.duckdb"
    shutil.copyfile((june_copy.root / june_copy.database).resolve(), copied)
    edit(june_copy.root / "seeds/reference/months.csv", "final,,2023-07-29", "draft,9999-12-31,")
    figures = month_checksums(project, is_of_figures=True)
    claim = "渠县,efficiency,overdue_case_count,0,应为 0 件,,2023-07-20,open,,,"
    june_copy.append("reviews/objections", f"2023-06-异1,2023-06-01,,{claim}")
    with duckdb.connect(str(copied)) as release:
        release.execute("update marts.dim_months set stage = 'draft'")
        release.execute("delete from marts.fct_city_metrics where metric_code = 'bulletin_date'")
        assert final_months(release) == []
        assert list(obstacles(project, release, "2023-06", figures)) == [
            "异议截止日 9999-12-31 还没有过",
            "异议 2023-06-异1（渠县）还没有处理：ywtb decide",
            "达州市的通报还没有通报日期：收入全市指标表",
        ]
        release.execute("update audit.release_months set figures_sha256 = ''")
        (stale,) = obstacles(project, release, "2023-06", figures)
    assert "先运行 ywtb refresh" in stale


def test_what_was_taken_in_by_mistake_goes(june_copy: Sandbox, tmp_path: Path) -> None:
    layout = layout_of(Project(june_copy.root))
    source = write_csvs(tmp_path / "in", layout, random_month(layout, 3))
    before = (june_copy.root / "dbt_project.yml").read_bytes()
    months = june_copy.reference("months")
    assert june_copy.run("ingest", str(source), "--month", MONTH, "--check").returncode == 0
    assert not june_copy.raw("licenses", FOLDER).exists()
    (later := tmp_path / "later").mkdir()
    for path in source.iterdir():
        shutil.copy(path, later / path.name.replace(FOLDER, "2023_09"))
    gap = june_copy.run("ingest", str(later), "--month", "2023-09")
    assert (gap.returncode, "还没有 2023-08" in gap.stderr) == (2, True)
    assert june_copy.run("ingest", str(source), "--month", MONTH).returncode == 0
    assert june_copy.reference("months") != months
    done = june_copy.run("discard", MONTH, "--reason", "误收")
    assert done.returncode == 0, done.stderr
    assert june_copy.reference("months") == months
    assert (june_copy.root / "dbt_project.yml").read_bytes() == before
    assert not june_copy.raw("licenses", FOLDER).parent.exists()
    (entry,) = re.findall(r"archive/2023_07/\S+Z", done.stdout)
    kept = june_copy.root / entry / "before" / f"raw_licenses__{FOLDER}.csv"
    assert len(read_csv(kept)) == 49


@pytest.mark.soak
def test_a_first_draft_is_taken_back_beside_a_later_one(june_copy: Sandbox) -> None:
    june_copy.add_month(FOLDER, {})
    shutil.rmtree(june_copy.root / "published")
    shutil.rmtree(june_copy.root / "warehouse")
    (june_copy.root / "warehouse" / "dev").mkdir(parents=True)
    months = june_copy.root / "seeds" / "reference" / "months.csv"
    months.write_text(re.sub("final,,.*", "draft,,", months.read_text(encoding="utf-8")))
    june_copy.refresh()
    assert june_copy.run("discard", "2023-06").returncode == 0
    june_copy.refresh()
    assert june_copy.rows("select distinct score_month::text from marts.fct_composite_scores") == [
        (f"{MONTH}-01",)
    ]


def test_a_rollback_has_a_reason(june_copy: Sandbox) -> None:
    done = june_copy.run("rollback")
    assert (done.returncode, "--reason" in done.stderr) == (2, True)
