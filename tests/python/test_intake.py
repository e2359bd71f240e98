"""Template and intake: what is filled in arrives, the same from every way of writing it down."""

import csv
import json
import os
from collections.abc import Iterator
from datetime import date
from functools import cache, partial
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.formatting.rule import Rule
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.styles.numbers import NumberFormat
from typer.testing import CliRunner, Result

from conftest import ROOT, edit, read_csv
from intake_months import (
    FOLDER,
    MONTH,
    Sheets,
    copy_seeds,
    empty_template,
    filled_workbook,
    layout_of,
    observations,
    random_month,
    seed_sheets,
    tree_hash,
    workbook_bytes,
    write_csvs,
)
from ywtb.assessment.reference import Reference
from ywtb.cli import app
from ywtb.intake.ingest import Leave, ingest
from ywtb.intake.store import damaged_archives
from ywtb.lock import writer_lock
from ywtb.project import Project
from ywtb.release.records import Entry, Record, write_record

ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be")


@pytest.fixture(autouse=True, scope="module")
def rules() -> Iterator[None]:
    """The rules of a month are read once: no test here changes them."""
    read = cache(partial(Reference.from_seeds, Project(ROOT)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Reference, "from_seeds", lambda project, month: read(month))
        yield


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    copied = copy_seeds(tmp_path / "project")
    monkeypatch.chdir(copied.root)
    return copied


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def month_bytes(project: Project) -> dict[str, bytes]:
    folder = project.seeds / "raw" / FOLDER
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@settings(
    max_examples=2,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(seed=st.integers(0, 10**9))
def test_a_filled_workbook_arrives(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    folder = tmp_path_factory.mktemp("xlsx")
    project = copy_seeds(folder / "project")
    layout = layout_of(project)
    sheets = random_month(layout, seed)
    path = folder / "数据.xlsx"
    template = empty_template(project, folder / "template")
    path.write_bytes(workbook_bytes(filled_workbook(template, layout, sheets)))
    outcome = ingest(project, [path], MONTH)
    assert outcome.problems == []
    assert outcome.is_written
    found = observations(layout, seed_sheets(project, layout))
    assert found == observations(layout, sheets)


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(
    max_examples=2,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    seed=st.integers(0, 10**9),
    separator=st.sampled_from(",\t;"),
    line_end=st.sampled_from(["\n", "\r\n"]),
)
def test_csv_files_arrive(
    tmp_path_factory: pytest.TempPathFactory,
    encoding: str,
    seed: int,
    separator: str,
    line_end: str,
) -> None:
    folder = tmp_path_factory.mktemp("csv")
    project = copy_seeds(folder / "project")
    layout = layout_of(project)
    sheets = random_month(layout, seed)
    source = write_csvs(folder / "month", layout, sheets, encoding, separator, line_end)
    outcome = ingest(project, [source], MONTH)
    assert outcome.problems == []
    assert seed_sheets(project, layout)["city_metrics"][0][0] == "metric_code"
    found = observations(layout, seed_sheets(project, layout))
    assert found == observations(layout, sheets)


def test_the_same_month_gives_the_same_bytes(project: Project, tmp_path: Path) -> None:
    layout = layout_of(project)
    sheets = random_month(layout, 7)
    other = copy_seeds(tmp_path / "other")
    assert not ingest(project, [write_csvs(tmp_path / "a", layout, sheets)], MONTH).problems
    shuffled = {
        name: [[row[0], *reversed(row[1:])] for row in [rows[0], *reversed(rows[1:])]]
        for name, rows in sheets.items()
    }
    source = write_csvs(tmp_path / "b", layout, shuffled, "gb18030", "\t", "\r\n")
    assert not ingest(other, [source], MONTH).problems
    assert month_bytes(project) == month_bytes(other)
    assert all(b"\r" not in data and data.endswith(b"\n") for data in month_bytes(other).values())
    assert empty_template(project, tmp_path / "t1") == empty_template(other, tmp_path / "t2")


def test_the_template_as_csv_arrives_filled(project: Project, tmp_path: Path) -> None:
    assert (
        run("template", "--month", MONTH, "--out", tmp_path / "t", "--format", "csv").exit_code == 0
    )
    layout = layout_of(project)
    for feed in layout.feeds:
        text = (tmp_path / "t" / feed.seed_name(FOLDER)).read_text(encoding="utf-8-sig")
        assert text.count("\n") == len(random_month(layout, 1)[feed.name])
    write_csvs(tmp_path / "t", layout, random_month(layout, 1))
    assert run("ingest", tmp_path / "t", "--month", MONTH).exit_code == 0


def test_a_template_takes_nothings_place(project: Project, tmp_path: Path) -> None:
    taken = tmp_path / "file"
    taken.write_text("x", encoding="utf-8")
    pipe = tmp_path / "folder" / f"填报表_{MONTH}.xlsx"
    pipe.parent.mkdir()
    os.mkfifo(pipe)
    for out, named in ((taken, taken), (pipe.parent, pipe)):
        done = run("template", "--month", MONTH, "--out", out)
        assert done.exit_code == 2
        assert done.stderr == f"{named} 已存在，不覆盖；请先移走\n"


def test_the_template_guards_and_guides(project: Project, tmp_path: Path) -> None:
    template = empty_template(project, tmp_path)
    workbook = openpyxl.load_workbook(tmp_path / f"填报表_{MONTH}.xlsx")
    layout = layout_of(project)
    assert workbook.sheetnames == ["填表说明", *(feed.label for feed in layout.feeds)]
    sheet = workbook["专项工作"]
    assert sheet.row_dimensions[3].hidden
    assert [cell.value for cell in sheet[3]][:2] == ["unit_name", "one_thing_published_count"]
    rules = {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}
    assert rules["J4"].formula1 == 'OR(J4="—",AND(ISNUMBER(J4),J4>=0,J4<=10))'
    assert rules["J52"].formula1 == 'OR(J52="—",AND(ISNUMBER(J52),J52>=0,J52<=8))'
    assert rules["C4"].formula1 == 'OR(C4="—",AND(ISNUMBER(C4),C4>=0,C4<=1))'
    assert "B4=INT(B4)" in rules["B4"].formula1
    subsites = workbook["分站点建设维护"]
    assert subsites["B4"].fill.fgColor.rgb == "FFBFBFBF"
    assert subsites["B52"].fill.fgColor.rgb != "FFBFBFBF"
    assert {cell.value for cell in workbook["填表说明"]["G"]} >= {
        "publicity_points",
        "on_time_rate",
    }
    (tmp_path / f"填报表_{MONTH}.xlsx").write_bytes(b"filled in")
    refused = run("template", "--month", MONTH, "--out", tmp_path)
    assert refused.exit_code == 2
    assert template != b"filled in" == (tmp_path / f"填报表_{MONTH}.xlsx").read_bytes()


def annex_sheets(project: Project, sheets: Sheets) -> dict[int, list[list[str]]]:
    """The month as the printed annexes lay it out: two-level headings, title, number, group."""
    layout = layout_of(project)
    values = {
        (unit, column.name): text
        for feed in layout.feeds
        for unit, *cells in sheets[feed.name][1:]
        for column, text in zip(feed.columns, cells, strict=True)
    }
    reference = layout.reference
    tables = {}
    for annex in reference.annexes:
        number = annex["annex_no"]
        columns = [row for row in reference.annex_columns if row["annex_no"] == number]
        paths = [row["header_path"].split("|") for row in columns]
        depth = max(len(path) for path in paths)
        top = [path[0].replace("情况", "\n情 况") for path in paths]
        low = [path[1] if len(path) > 1 else "" for path in paths]
        spans = [
            "" if i and low[i] and paths[i][0] == paths[i - 1][0] else text
            for i, text in enumerate(top)
        ]
        rows = [
            ["2023年7月情况汇总表"],
            ["（2023年7月1日至31日）"],
            spans,
            *([low] if depth > 1 else []),
        ]
        groups = annex["group_codes"].split("|")
        units = [unit for unit in reference.units if unit["group_code"] in groups]
        for place, unit in enumerate(units, start=1):
            fixed = {**unit, "sequence_no": str(place)}
            rows.append(
                [
                    fixed.get(name) or values.get((unit["unit_name"], name), "")
                    for name in (row["column_name"] for row in columns)
                ]
            )
        tables[number] = rows
    return tables


def test_printed_annexes_arrive(project: Project, tmp_path: Path) -> None:
    layout = layout_of(project)
    sheets = random_month(layout, 11)
    folder = tmp_path / "annexes"
    folder.mkdir()
    annexes = annex_sheets(project, sheets)
    annexes[12] = [
        ["单位", "新增未签章数"],
        *([row[0], row[-1]] for row in sheets["licenses"][1:]),
    ]
    for number, rows in annexes.items():
        with (folder / f"附件{number}.csv").open("w", encoding="gb18030", newline="") as file:
            csv.writer(file).writerows(rows)
    write_csvs(folder, layout, {"city_metrics": sheets["city_metrics"]})
    outcome = ingest(project, [folder], MONTH, with_scores=True)
    assert [str(problem) for problem in outcome.problems] == []
    found = observations(layout, seed_sheets(project, layout))
    expected = observations(layout, sheets)
    # Annex 10 prints no measure; it may be blank.
    missing = {key for key in expected if key not in found}
    assert {column for _, _, column in missing} <= {"parallel_approval_measure"}
    assert {key: expected[key] for key in found} == found


def test_annexes_with_merged_headings_arrive(project: Project, tmp_path: Path) -> None:
    layout = layout_of(project)
    sheets = random_month(layout, 12)
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    annexes = annex_sheets(project, sheets)
    for number in (4, 8):
        sheet = workbook.create_sheet(f"附件{number}")
        for row in annexes[number]:
            sheet.append([text or None for text in row])
        width = len(annexes[number][2])
        sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=width)
        sheet.merge_cells(start_row=3, end_row=3, start_column=width - 1, end_column=width)
        for column in range(1, width - 1):
            sheet.merge_cells(start_row=3, end_row=4, start_column=column, end_column=column)
    path = tmp_path / "附件.xlsx"
    path.write_bytes(workbook_bytes(workbook))
    del sheets["service_items"]
    source = write_csvs(tmp_path / "rest", layout, sheets)
    outcome = ingest(project, [path, source], MONTH)
    assert [str(problem) for problem in outcome.problems] == []
    expected = random_month(layout, 12)
    assert observations(layout, seed_sheets(project, layout)) == observations(layout, expected)


@pytest.mark.parametrize(
    ("feed", "written", "kept"),
    [
        ("licenses", "99.58", "99.58%"),
        ("licenses", "９９．５８％", "99.58%"),
        ("licenses", " 99.58 % ", "99.58%"),
        ("licenses", "0", "0%"),
        ("licenses", "100", "100%"),
        ("licenses", "－", "—"),
        ("licenses", "——", "—"),
        ("efficiency", "＋１２", "12"),
        ("efficiency", "12\u3000", "12"),
    ],
)
def test_ways_of_writing_a_figure(
    project: Project, tmp_path: Path, feed: str, written: str, kept: str
) -> None:
    layout = layout_of(project)
    sheets = random_month(layout, 3)
    sheets[feed][1][1] = written
    assert not ingest(project, [write_csvs(tmp_path / "m", layout, sheets)], MONTH).problems
    assert seed_sheets(project, layout)[feed][1][1] == kept


def test_formats_of_conditions_are_not_those_of_cells(project: Project, tmp_path: Path) -> None:
    """Both kinds of formats have numbers, which may be the same."""
    layout = layout_of(project)
    sheets = random_month(layout, 3)
    workbook = filled_workbook(empty_template(project, tmp_path), layout, sheets)
    cells = workbook["运行效能"]["B4:B20"]
    for (cell,) in cells:
        cell.number_format = "0;-0"
    percent = DifferentialStyle(numFmt=NumberFormat(numFmtId=164, formatCode="0%"))
    rule = Rule(type="cellIs", operator="greaterThan", formula=["0"], dxf=percent)
    workbook["运行效能"].conditional_formatting.add("B4:B20", rule)
    path = tmp_path / "数据.xlsx"
    path.write_bytes(workbook_bytes(workbook))
    assert [str(problem) for problem in ingest(project, [path], MONTH).problems] == []


def test_what_programs_leave_beside_a_file_is_passed_over(project: Project, tmp_path: Path) -> None:
    layout = layout_of(project)
    source = write_csvs(tmp_path / "m", layout, random_month(layout, 3))
    for name in (".DS_Store", "Thumbs.db", "._a.csv", "~$a.xlsx", ".~a.xlsx", ".~lock.a.xlsx#"):
        (source / name).write_bytes(b"\0")
    assert ingest(project, [source], MONTH).problems == []


def test_a_month_that_cannot_be_read_can_be_replaced(project: Project, tmp_path: Path) -> None:
    layout = layout_of(project)
    source = write_csvs(tmp_path / "m", layout, random_month(layout, 3))
    assert ingest(project, [source], MONTH).is_written
    seed = project.seeds / "raw" / FOLDER / f"raw_efficiency__{FOLDER}.csv"
    before = seed.read_bytes()
    seed.write_bytes(before.decode().encode("gb18030"))
    assert ingest(project, [source], MONTH, Leave(to_replace=True)).is_written
    assert seed.read_bytes() == before


def test_every_cell_can_be_traced(project: Project, tmp_path: Path) -> None:
    layout = layout_of(project)
    sheets = random_month(layout, 4)
    source = write_csvs(tmp_path / "m", layout, sheets, "gb18030")
    done = run("ingest", source, "--month", MONTH, "--json")
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    folder = project.root / answer["archive"]
    traced = {
        (row["seed_file"], row["seed_row"], row["column_name"]): row
        for row in read_csv(folder / "cells.csv")
    }
    seeds = seed_sheets(project, layout)
    for feed in layout.feeds:
        for number, row in enumerate(seeds[feed.name][1:], start=2):
            for column, value in zip(feed.columns, row[1:], strict=True):
                place = (feed.seed_name(FOLDER), str(number), column.name)
                if value:
                    found = traced[place]
                    assert found["value"] == value
                    original = (
                        folder.parent / "originals" / found["source_sha256"] / found["source_file"]
                    )
                    lines = original.read_text(encoding="gb18030").splitlines()
                    assert found["seen_value"] in lines[int(found["source_row"]) - 1].replace(
                        '""', '"'
                    )
    record = json.loads((folder / "intake.json").read_text(encoding="utf-8"))
    assert len(record["sources"]) == len(layout.feeds)
    assert not list((project.root / "seeds").rglob("originals"))


def test_a_month_that_is_there_needs_leave_and_a_published_one_a_reason(
    project: Project, tmp_path: Path
) -> None:
    layout = layout_of(project)
    sheets = random_month(layout, 5)
    source = write_csvs(tmp_path / "m", layout, sheets)
    assert run("ingest", source, "--month", MONTH).exit_code == 0
    assert project.score_months() == ["2023_06", FOLDER]
    published = Entry("published", "20230801T000000000000Z", "2023-08-01T00:00:00+00:00")
    path = project.root / "published" / f"{MONTH}.json"
    write_record(Record(path, MONTH, "511700", {}, (published,)))
    before = tree_hash(project.root)
    again = run("ingest", source, "--month", MONTH)
    assert again.exit_code == 0
    assert "无需写入" in again.output
    unit, old = sheets["efficiency"][1][0], sheets["efficiency"][1][1]
    sheets["efficiency"][1][1] = "77"
    only = write_csvs(tmp_path / "one", layout, {"efficiency": sheets["efficiency"]})
    refused = run("ingest", only, "--month", MONTH)
    assert refused.exit_code == 2
    assert "--replace" in refused.stderr
    assert f"{unit} overdue_case_count：“{old}” → “77”" in refused.stderr
    assert run("ingest", only, "--month", MONTH, "--replace").exit_code == 2
    assert run("ingest", only, "--month", MONTH, "--replace", "--reason", " ").exit_code == 2
    assert tree_hash(project.root) == before
    done = run("ingest", only, "--month", MONTH, "--replace", "--reason", "单位复核")
    assert done.exit_code == 0, done.output
    assert f"{unit} overdue_case_count：“{old}” → “77”" in done.stdout
    assert "未收到、保持不变" in done.output
    assert seed_sheets(project, layout)["efficiency"][1][1] == "77"
    records = sorted((project.root / "archive" / FOLDER).glob("*/intake.json"))
    record = json.loads(records[-1].read_text(encoding="utf-8"))
    assert record["reason"] == "单位复核"
    assert record["published_release"] == published.release
    replaced = records[-1].parent / "before" / f"raw_efficiency__{FOLDER}.csv"
    assert replaced.is_file()
    assert list(damaged_archives(project)) == []
    replaced.write_bytes(b"unit_name\n")
    (source,) = record["sources"]
    original = records[0].parents[1] / "originals" / source["sha256"] / source["name"]
    original.unlink()
    records[0].write_bytes(b"[]")
    assert {each.file for each in damaged_archives(project)} == {
        path.relative_to(project.root).as_posix() for path in (replaced, original, records[0])
    }


def test_settings_keep_their_comments(project: Project, tmp_path: Path) -> None:
    layout = layout_of(project)
    settings_file = project.root / "dbt_project.yml"
    edit(settings_file, 'score_months: ["2023_06"]', 'score_months:\n    - "2023_06"  # first\n')
    before = settings_file.read_text(encoding="utf-8").splitlines()
    source = write_csvs(tmp_path / "m", layout, random_month(layout, 6))
    assert not ingest(project, [source], MONTH).problems
    after = settings_file.read_text(encoding="utf-8").splitlines()
    assert project.score_months() == ["2023_06", FOLDER]
    assert [line for line in before if "2023_06" not in line] == [
        line for line in after if "2023_0" not in line
    ]


def test_a_held_lock_is_respected(project: Project, tmp_path: Path) -> None:
    source = write_csvs(tmp_path / "m", layout_of(project), random_month(layout_of(project), 8))
    with writer_lock(project, "refresh"):
        done = run("ingest", source, "--month", MONTH)
    assert done.exit_code == 3
    assert not (project.seeds / "raw" / FOLDER).exists()


@pytest.mark.parametrize(
    ("month", "reason"),
    [
        ("2022-12", "应不早于 2023-01，考核规则从那时起才有"),
        ("0001-01", "应不早于 2023-01，考核规则从那时起才有"),
        ("9999-12", "应不晚于"),
    ],
)
def test_a_month_without_rules_or_to_come_is_refused(
    project: Project, month: str, reason: str
) -> None:
    before = tree_hash(project.root)
    for arguments in (("ingest", "dbt_project.yml"), ("template", "--out", "out")):
        done = run(*arguments, "--month", month)
        assert done.exit_code == 2
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"月份“{month}”有误，{reason}")
    assert tree_hash(project.root) == before


def test_a_template_may_be_made_ahead_but_not_filled_in(project: Project) -> None:
    today = date.today()
    ahead = f"{today.year + 1}-{today.month:02}"
    assert run("template", "--month", ahead, "--out", "out", "--format", "csv").exit_code == 0
    done = run("ingest", "out", "--month", ahead)
    assert (done.exit_code, done.stderr) == (
        2,
        f"月份“{ahead}”有误，应不晚于本月 {today:%Y-%m}（若电脑日期有误，请先校正）\n",
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("ingest", "missing.csv", "--month", MONTH),
        ("ingest", "dbt_project.yml", "--month", "2023-13"),
        ("ingest", "dbt_project.yml"),
        ("template", "--month", MONTH, "--out", "x", "--format", "doc"),
    ],
)
def test_wrong_usage(project: Project, arguments: tuple[str, ...]) -> None:
    before = tree_hash(project.root)
    assert run(*arguments).exit_code == 2
    assert tree_hash(project.root) == before
