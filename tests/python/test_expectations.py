"""Great Expectations: June passes, what is wrong in a release is named, nothing is skipped."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import duckdb
import lxml.html
import pytest

from conftest import ROOT, Sandbox, edit, is_running, read_csv, write_csv
from export_months import MARKUP
from ywtb.assessment.figures import visible
from ywtb.assessment.problem import Problem
from ywtb.expectations import (
    ExpectationWorker,
    Result,
    SuiteError,
    Unexpected,
    WorkerError,
    write_results,
)
from ywtb.expectations.frames import Frame, Row, read_frames
from ywtb.expectations.session import Session
from ywtb.expectations.suites import load_suites
from ywtb.exports.data_docs import write_data_docs
from ywtb.pipeline.fingerprints import month_checksums
from ywtb.project import Project

SUITES = ROOT / "expectations"
JULY = "date '2023-07-01'"


@pytest.fixture(scope="module")
def session(june: Sandbox) -> Session:
    return Session(Project(june.root))


@pytest.fixture(scope="module")
def june_results(june: Sandbox, session: Session) -> list[Result]:
    return session.check(june.root / "warehouse" / "ywtb.duckdb")


@pytest.fixture(scope="module")
def june_frames(june: Sandbox) -> dict[str, Frame]:
    frames = read_frames(Project(june.root).published, SUITES, load_suites(SUITES))
    return {frame.suite.name: frame for frame in frames}


def rows_of(frame: Frame) -> list[Row]:
    return [row for rows in frame.rows.values() for row in rows]


@pytest.fixture(scope="module")
def worker(june: Sandbox) -> Iterator[ExpectationWorker]:
    with ExpectationWorker(Project(june.root)) as started:
        yield started


@pytest.fixture
def changed(
    june: Sandbox, session: Session, june_results: list[Result], tmp_path: Path
) -> Callable[..., list[Result]]:
    """Failures of a copy of June's release after some statements, each of which changes a row.

    Rows that June itself warns of are left out.
    """
    known = [row for result in june_results for row in result.unexpected_values]

    def run(*statements: str, months: list[str] | None = None) -> list[Result]:
        database = tmp_path / "ywtb.duckdb"
        shutil.copyfile((june.root / "warehouse" / "ywtb.duckdb").resolve(), database)
        with duckdb.connect(str(database)) as connection:
            connection.execute("use marts")
            for statement in statements:
                (count,) = connection.execute(statement).fetchall()[0]
                assert count >= 1, statement
        failed = (
            replace(each, unexpected_values=[r for r in each.unexpected_values if r not in known])
            for each in session.check(database, months)
        )
        return [result for result in failed if result.unexpected_values]

    return run


def copies(june: Sandbox, **columns: str) -> list[str]:
    """Statements that add to every table with the first column and rows these, columns replaced."""
    found = june.rows(
        "select schema_name || '.' || table_name as name, list(column_name) as columns "
        "from duckdb_columns() inner join duckdb_tables() using (schema_name, table_name) "
        "where schema_name in ('marts', 'intermediate') and estimated_size > 0 "
        f"group by name having list_contains(columns, '{next(iter(columns))}') order by name"
    )
    found.sort(key=lambda row: ".dim_" not in row[0])  # what others refer to comes first
    return [
        f"insert into {table} select * replace ("
        + ", ".join(f"{new} as {column}" for column, new in columns.items() if column in names)
        + f") from {table}"
        for table, names in found
    ]


def set_cells(path: Path, unit: str, cells: dict[str, str]) -> None:
    lines = read_csv(path)
    (line,) = (line for line in lines if line["unit_name"] == unit)
    line.update(cells)
    write_csv(path, [list(line), *(list(line.values()) for line in lines)])


def lines_of(results: list[Result]) -> list[str]:
    return [str(problem) for result in results for problem in result.problems()]


def test_june_passes_but_for_what_is_acknowledged(
    june: Sandbox, june_results: list[Result]
) -> None:
    known = [row["warning"] for row in read_csv(june.root / "seeds/reviews/acknowledgements.csv")]
    failed = [result for result in june_results if not result.is_success]
    assert lines_of(failed) == known
    assert [(result.suite, result.severity) for result in failed] == [("city_rates", "warn")]


def test_every_file_annex_and_fact_is_looked_at(
    june: Sandbox, june_frames: dict[str, Frame]
) -> None:
    looked_at = {row["place"] for frame in june_frames.values() for row in rows_of(frame)}
    marts = {
        name
        for (name,) in june.rows(
            "select table_name from information_schema.tables "
            "where table_schema = 'marts' and not starts_with(table_name, 'dim_')"
        )
    }
    files = {
        f"seeds/raw/2023_06/{path.name}" for path in june.raw("any", "2023_06").parent.iterdir()
    }
    looking_back = {
        "fct_control_limits", "fct_monthly_changes", "fct_rectification_progress",
        "fct_rectifications", "fct_score_change_effects", "fct_scores_by_previous_rules",
    }  # fmt: skip
    without_rows = {"fct_streak_measures", "fct_target_distances"}
    filled_later = {path.stem for path in (ROOT / "models" / "robustness").glob("*.sql")}
    assert files | marts - looking_back - without_rows - filled_later <= looked_at
    assert len(marts) == 25 + len(filled_later)


def test_every_printed_cell_is_looked_at(june: Sandbox, june_frames: dict[str, Frame]) -> None:
    cells = rows_of(june_frames["annex_cells"])
    numbers = rows_of(june_frames["annex_rows"])
    ((printed,),) = june.rows("select count(*) from audit.annex_cells")
    names = len(numbers)
    assert len(cells) + len(numbers) + names == printed
    assert all(row["fact_value"] is not None for row in cells if row["cell_value"] is not None)
    scores = [row for row in cells if row["column_name"].endswith("_score")]
    assert all(row["most"] is not None for row in scores)
    rates = [row for row in cells if row["column_name"].endswith(("_rate", "_count", "_points"))]
    assert all(row["valid_min"] is not None for row in rates)
    texts = {row["column_name"] for row in cells} - {row["column_name"] for row in scores + rates}
    assert texts == {"group_name", "parallel_approval_measure"}


def test_suites_type_no_unit_range_or_weight() -> None:
    """Numbers and unit names come from the seeds: a suite types at most 0 and 1."""
    units = {row["unit_name"] for row in read_csv(ROOT / "seeds" / "reference" / "units.csv")}
    for path in SUITES.rglob("*.*"):
        text = path.read_text(encoding="utf-8")
        assert not [unit for unit in units if unit in text], path.name
    for suite in load_suites(SUITES):
        for each in suite.expectations:
            typed = each.kwargs.get("value_set", [])
            typed += [each.kwargs[key] for key in ("min_value", "max_value") if key in each.kwargs]
            assert set(typed) <= {0, 1, "L"}, (suite.name, each)


def test_numbers_are_never_floats(june_frames: dict[str, Frame]) -> None:
    for name, frame in june_frames.items():
        pandas = frame.as_pandas()
        assert all(str(kind) == "object" for kind in pandas.dtypes), name
        assert float not in {type(value) for row in rows_of(frame) for value in row.values()}, name
        assert float not in {type(value) for column in pandas for value in pandas[column]}, name


@pytest.mark.parametrize(
    ("file", "old", "new", "shown"),
    [
        ("annex_rows.yml", "values_to_be_null", "values_to_be_nil", "values_to_be_nil"),
        ("annex_rows.yml", "severity: stop", "severity: halt", "severity"),
        ("annex_rows.yml", "severity: stop", "severities: stop", "severities"),
        ("annex_rows.yml", "title: ", "name: ", "name"),
        ("annex_rows.yml", "column_A: fact_no", "column_A: fact", "no column fact"),
        ("annex_rows.yml", "ignore_row_if", "ignore_rows_if", "ignore_rows_if"),
        ("annex_rows.yml", "expectations:", "expected:", "expectations"),
        ("annex_rows.sql", "from printed_cells", "from printed_cell", "printed_cell"),
        (
            "annex_rows.sql",
            "using (score_month, city_code, place, unit_name)",
            "using (score_month, city_code, place, unit_name) limit 0",
            "nothing to check",
        ),
    ],
)
def test_a_suite_that_cannot_be_run_is_an_error(
    june: Sandbox, tmp_path: Path, file: str, old: str, new: str, shown: str
) -> None:
    folder = shutil.copytree(SUITES, tmp_path / "expectations")
    for path in folder.rglob("*.*"):
        if path.stem != file.split(".")[0] and not path.stem.startswith("_"):
            path.unlink()
    path = folder / "marts" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(SuiteError, match=shown):
        Session(Project(tmp_path)).check(Project(june.root).published)


@pytest.mark.parametrize("file", ["raw/continuity.yml", "raw/continuity.sql"])
def test_half_a_suite_is_an_error(tmp_path: Path, file: str) -> None:
    folder = shutil.copytree(SUITES, tmp_path / "expectations")
    (folder / file).unlink()
    with pytest.raises(SuiteError, match="continuity"):
        load_suites(folder)


ARRIVED = "update intermediate.int_cells_corrected set {} where unit_id in (select unit_id from "
ARRIVED += "marts.dim_units where unit_name = '{}') and column_name = '{}'"


def arrives(unit: str, column: str, value: str) -> str:
    """A statement that makes a cell arrive as a number, or as not applicable."""
    is_number = value not in ("—", "-")
    number = value.removesuffix("%") if is_number else "null"
    return ARRIVED.format(
        f"cell_text = '{value}', cell_value = {number}, is_not_applicable = {not is_number}",
        unit,
        column,
    )


@pytest.mark.parametrize(
    ("unit", "cells", "seen"),
    [
        ("大竹县", {"new_seal_rate": "94.55%", "unsealed_new_count": "0"}, "“0”"),
        ("大竹县", {"new_seal_rate": "—", "unsealed_new_count": "6"}, "“6”"),
        ("大竹县", {"new_seal_rate": "100.00%", "unsealed_new_count": "1"}, "“1”"),
        ("渠县", {"negative_review_count": "2", "rectification_rate": "—"}, "“—”"),
        ("渠县", {"negative_review_count": "0", "rectification_rate": "50.00%"}, "“50.00%”"),
        ("渠县", {"task_points": "2.5"}, "“2.5”"),
        ("市林业局", {"auxiliary_accuracy_rate": "-", "auxiliary_points": "2.9"}, "“2.9”"),
    ],
)
def test_cells_that_contradict_each_other(
    changed: Callable[..., list[Result]], unit: str, cells: dict[str, str], seen: str
) -> None:
    failed = changed(*(arrives(unit, column, value) for column, value in cells.items()))
    of_units = [each for each in failed if each.suite in ("cells", "indicator_pairs")]
    (problem,) = [problem for each in of_units for problem in each.problems()]
    assert (problem.unit, problem.column, problem.seen) == (unit, list(cells)[-1], seen)
    assert problem.row is not None and problem.file.endswith(".csv")
    assert {each.severity for each in failed if each.part == "raw"} == {"warn"}


def test_what_arrived_is_complete_and_adds_up(changed: Callable[..., list[Result]]) -> None:
    missing = ARRIVED.format("cell_text = null", "市残联", "task_points")
    needless = ARRIVED.format("unit_id = '511700-B01'", "市水务局", "auxiliary_points")
    printed = "update intermediate.int_cells_corrected set cell_value = {} where "
    printed += "feed_kind = 'published_scores' and column_name = '{}' and unit_id in "
    printed += "(select unit_id from marts.dim_units where unit_name = '{}')"
    shown = lines_of(
        changed(
            missing,
            needless,
            printed.format("26.01", "special_work_score", "渠县"),
            printed.format("80.00", "composite_score", "市水务局"),
        )
    )
    for parts in (
        ("raw_special_work", "市残联 “任务落实情况得分”列", "“0”", "有且只有一个值"),
        ("raw_construction", "“辅线办件准确率计分”列", "空白：该组不考核"),
        ("raw_published_scores", "渠县 “专项工作得分”列", "“26.01”", "满分（26）"),
        ("raw_published_scores", "市水务局 “综合得分”列", "取整误差以内（0.04）"),
    ):
        assert any(all(part in line for part in parts) for line in shown), (parts, shown)


CORRUPTED: list[tuple[str, str, tuple[str, ...]]] = [
    (
        "update annex_01_group_a_summary set composite_score = 101 where unit_name = '市水务局'",
        "annex_cells",
        ("annex_01_group_a_summary", "市水务局", "综合得分", "“101”", "不大于满分（100）"),
    ),
    (
        "update annex_01_group_a_summary set composite_score = 80.36 where unit_name = '市应急局'",
        "annex_cells",
        ("annex_01_group_a_summary", "市应急局", "综合得分", "“80.36”", "计分结果一致（80.365）"),
    ),
    (
        "update fct_composite_scores set exact_score = 80.365 where unit_name = '市应急局'",
        "annex_cells",
        ("annex_01_group_a_summary", "市应急局", "综合得分", "计分结果一致（80.365）"),
    ),
    (
        "update annex_06_department_supervision set unit_name = '市档案馆' "
        "where unit_name = '市残联'",
        "annex_rows",
        ("annex_06_department_supervision", "市残联", "“0”", "各占一行"),
    ),
    (
        "update annex_02_group_b_summary set unit_name = '市水务局' where unit_name = '市残联'",
        "annex_rows",
        ("annex_02_group_b_summary", "市水务局", "“市水务局”", "应列的单位"),
    ),
    (
        "update annex_03_county_summary set sequence_no = 99 where unit_name = '渠县'",
        "annex_rows",
        ("annex_03_county_summary", "渠县", "序号", "“99”", "与计分结果一致"),
    ),
    (
        "update annex_11_county_supervision set behavior_coverage_rate = 120 "
        "where unit_name = '渠县'",
        "annex_cells",
        ("annex_11", "渠县", "监管事项行为覆盖率", "“120”", "不大于该指标的上限（100）"),
    ),
    (
        "update annex_08_county_service_items set guide_error_count = -1 where unit_name = '渠县'",
        "annex_cells",
        ("annex_08", "渠县", "异常数", "“-1”", "不小于该指标的下限（0）"),
    ),
    (
        "update annex_05_department_special_work set group_name = 'A组' where unit_name = '市残联'",
        "annex_cells",
        ("annex_05", "市残联", "组别", "“A组”", "与名册"),
    ),
    (
        "update annex_10_county_construction set mainline_points = 5.5 where unit_name = '渠县'",
        "cross_annex",
        ("annex_10", "渠县", "工程审批得分", "各项计分之和"),
    ),
    (
        "update annex_03_county_summary set service_items_score = 14 where unit_name = '渠县'",
        "cross_annex",
        ("annex_08_county_service_items", "渠县", "事项梳理得分", "“14”", "低于满分"),
    ),
    (
        "update annex_03_county_summary set service_items_score = 13.95 where unit_name = '通川区'",
        "cross_annex",
        ("annex_08_county_service_items", "通川区", "“13.95”", "均为 0 的得满分（14）"),
    ),
    (
        "update fct_indicator_scores set points = max_points + 0.0000000001 "
        "where unit_name = '渠县' and indicator_code = 'task_points'",
        "scores",
        ("fct_indicator_scores", "渠县", "任务落实情况得分", "“2.0000000001”", "得分不超过满分"),
    ),
    (
        "update fct_indicator_scores set points = -0.0000000001 "
        "where unit_name = '宣汉县' and indicator_code = 'task_points'",
        "scores",
        ("fct_indicator_scores", "宣汉县", "任务落实情况得分", "失分不超过满分（2）"),
    ),
    (
        "update fct_indicator_scores set obs_status = 'M', points = 1.9 "
        "where unit_name = '大竹县' and indicator_code = 'task_points'",
        "scores",
        ("fct_indicator_scores", "大竹县", "“1.9”", "不适用的指标得满分（2）"),
    ),
    (
        "update fct_dimension_scores set score = 26.0000000001 "
        "where unit_name = '渠县' and dimension_code = 'special_work'",
        "scores",
        ("fct_dimension_scores", "渠县", "专项工作得分", "“26.0000000001”"),
    ),
    (
        "update fct_dimension_scores set weight = 27 "
        "where unit_name = '宣汉县' and dimension_code = 'special_work'",
        "scores",
        ("fct_dimension_scores", "宣汉县", "“27”", "权重一致（26）"),
    ),
    (
        "update fct_composite_scores set exact_score = 100.0000000001 where unit_name = '渠县'",
        "scores",
        ("fct_composite_scores", "渠县", "综合得分", "“100.0000000001”"),
    ),
    (
        "update fct_composite_scores set score_rank = 9 where unit_name = '渠县'",
        "scores",
        ("fct_composite_scores", "渠县", "名次", "“9”", "（8）"),
    ),
    (
        "delete from fct_observations where unit_name = '渠县' and indicator_code = 'task_points'",
        "observations",
        ("渠县", "任务落实情况得分", "“0”", "各一行"),
    ),
    (
        "update fct_observations set obs_status = 'L' "
        "where unit_name = '宣汉县' and indicator_code = 'task_points'",
        "observations",
        ("宣汉县", "任务落实情况得分", "“L”", "必填指标没有缺失"),
    ),
    (
        "update fct_city_metrics set metric_value = 100.5 where metric_code = 'on_time_rate'",
        "metric_ranges",
        ("fct_city_metrics", "按时办结率", "“100.5”", "上限（100）"),
    ),
]


def test_corrupted_marts_are_caught(changed: Callable[..., list[Result]]) -> None:
    failed = changed(*(statement for statement, _, _ in CORRUPTED))
    for statement, suite, parts in CORRUPTED:
        shown = lines_of([result for result in failed if result.suite == suite])
        assert any(all(part in line for part in parts) for line in shown), (statement, shown)


def test_a_leap_from_one_month_to_the_next_is_a_warning(
    june: Sandbox, changed: Callable[..., list[Result]]
) -> None:
    place = f"where score_month = {JULY} and unit_name = '市水务局'"
    failed = changed(
        *copies(june, score_month=JULY),
        f"update fct_composite_scores set score_rank = 1 where score_month = {JULY} "
        "and unit_name = '市残联'",
        f"update fct_observations set obs_value = 10 {place} "
        "and indicator_code = 'behavior_coverage_rate'",
    )
    warned = [each for each in failed if each.suite == "month_over_month"]
    assert {(each.month, each.severity) for each in warned} == {("2023-07", "warn")}
    shown = lines_of(warned)
    assert len(shown) == 2
    assert any(
        all(part in line for part in ("与 2023-06 相比", "监管事项行为覆盖率", "72.22", "（30）"))
        for line in shown
    )
    assert any("位次" in line for line in shown)


def test_a_city_rate_agrees_with_its_units(changed: Callable[..., list[Result]]) -> None:
    """Units with faults or below beside a full rate of the city, and the other way about; a year
    with fewer cases than its month.
    """
    failed = changed(
        arrives("渠县", "overdue_case_count", "3"),
        arrives("市残联", "overdue_case_count", "1"),
        arrives("大竹县", "unsealed_new_count", "0"),
        arrives("渠县", "mainline_accuracy_rate", "90"),
        metric("2023-06", "year_case_count", "24.8"),
    )
    shown = lines_of([each for each in failed if each.suite in ("city_rates", "continuity")])
    assert len(shown) == 4
    for parts in (
        ("主线办件准确率", "“100%”", "“主线办件准确率”：渠县 90"),
        ("全年累计办件", "“24.8”", "不小于本月新增数（24.9）"),
        ("按时办结率", "“100%”", "“超时件数”：市残联 1、渠县 3"),
        ("新增证照签章率", "“99.58%”", "“新增未签章数”：各单位均无问题"),
    ):
        assert any(all(part in line for part in parts) for line in shown), (parts, shown)


def metric(month: str, code: str, value: str) -> str:
    """A statement that makes a figure of the city arrive."""
    number = value if value.replace(".", "").isdigit() else "null"
    return (
        "update intermediate.int_cells_corrected "
        f"set cell_text = '{value}', cell_value = {number} "
        f"where score_month = date '{month}-01' and row_key = '{code}' and column_name = 'value'"
    )


def after_june(june: Sandbox, changed: Callable[..., list[Result]], *statements: str) -> list[str]:
    """What is said of figures that follow from the month before, July being June but for these."""
    failed = changed(*copies(june, score_month=JULY), *statements, months=["2023-07"])
    found = [each for each in failed if each.suite in ("continuity", "unchanged_feeds")]
    assert {(each.month, each.severity) for each in found} <= {("2023-07", "warn")}
    return lines_of(found)


def test_a_month_copied_from_the_one_before_is_told(
    june: Sandbox, changed: Callable[..., list[Result]]
) -> None:
    """June once more but for two cells: every file with something to tell, and the bulletin."""
    cell = f"score_month = {JULY} and unit_id in (select unit_id from marts.dim_units where "
    cell += "unit_name = '{}') and column_name = 'behavior_coverage_rate'"
    update = "update intermediate.int_cells_corrected set cell_value = 60, cell_text = '60%' where "
    shown = after_june(
        june,
        changed,
        update + cell.format("市水务局"),
        update + cell.format("市残联"),
        f"update intermediate.int_cells_corrected set cell_value = 20 where {cell.format('渠县')}",
    )
    files = [line for line in shown if "而非照抄以前月份（2023-06）" in line]
    names = {
        "事项梳理",
        "证照应用",
        "工程审批",
        "分站点建设维护",
        "专项工作",
        "全市指标",
        "所印得分",
    }
    assert {line.split("：")[0].split(" ")[-1] for line in files} == names
    assert any("上次 9 个数据可比，本月 0 个不同" in line for line in files)
    figures = [line for line in shown if line not in files]
    assert len(figures) == 3
    for parts in (
        ("全年累计办件", "“129.79”", "大于上次考核时的累计数", "（129.79）"),
        ("通报期号", "“5”", "（6）"),
        ("通报日期", "“2023-07-29”", "（2023-08）"),
    ):
        assert any(all(part in line for part in parts) for line in figures), (parts, figures)


@pytest.mark.parametrize(
    ("figures", "told"),
    [
        ({"new_case_count": "20.2", "year_case_count": "149.99"}, []),
        ({"new_case_count": "20.2", "year_case_count": "150"}, []),
        ({"new_case_count": "20.2", "year_case_count": "128.00"}, ["“128”", "（129.79）"]),
        ({"new_case_count": "20.2", "year_case_count": "150.20"}, ["“150.2”", "（149.99）"]),
        ({"new_case_count": "0", "year_case_count": "129.79"}, []),
        ({"bulletin_issue": "7"}, ["通报期号", "“7”", "（6）"]),
        ({"bulletin_date": "2023-07-31"}, ["通报日期", "“2023-07-31”", "（2023-08）"]),
        ({"bulletin_date": "八月"}, ["通报日期", "“八月”", "（2023-08）"]),
    ],
)
def test_figures_of_the_city_follow_from_the_month_before(
    june: Sandbox, changed: Callable[..., list[Result]], figures: dict[str, str], told: list[str]
) -> None:
    normal = {
        "bulletin_issue": "6",
        "bulletin_date": "2023-08-30",
        "new_case_count": "20.2",
        "year_case_count": "150.01",
    }
    july = {**normal, **figures}
    shown = after_june(june, changed, *(metric("2023-07", *each) for each in july.items()))
    lines = [line for line in shown if "而非照抄" not in line]
    assert not any("全市指标：" in line for line in shown)
    assert len(lines) == bool(told)
    assert all(part in lines[0] for part in told)


def test_numbers_and_counts_of_the_year(
    june: Sandbox, changed: Callable[..., list[Result]]
) -> None:
    """Over a gap a number has to be larger; with a new year it may begin anew, counts do."""
    values = {
        "2023-10": ("5", "2023-11-29", "30.00", "230.00"),
        "2023-11": ("6", "2023-12-29", "30.00", "260.00"),
        "2023-12": ("1", "2024-01-29", "30.00", "290.00"),
        "2024-01": ("1", "2024-02-28", "30.00", "30.00"),
        "2024-02": ("2", "2024-03-29", "30.00", "59.00"),
    }
    codes = ("bulletin_issue", "bulletin_date", "new_case_count", "year_case_count")
    statements = []
    for month, figures in values.items():
        statements += [
            statement + " where score_month = date '2023-06-01'"
            for statement in copies(june, score_month=f"date '{month}-01'")
        ]
        statements += [metric(month, *each) for each in zip(codes, figures, strict=True)]
    failed = [each for each in changed(*statements) if each.suite == "continuity"]
    shown = [(each.month, line) for each in failed for line in lines_of([each])]
    assert [month for month, _ in shown] == ["2024-02", "2023-10"]
    assert "“59”" in shown[0][1] and "（60）" in shown[0][1]
    assert "通报期号" in shown[1][1] and "大于当年以前月份的期号（5）" in shown[1][1]


@pytest.mark.soak
def test_a_normal_month_is_not_told(sandbox: Sandbox, session: Session) -> None:
    """Files full of zeros, full rates and not applicable are alike in every month."""
    for month, figures in {
        "2023_07": {"5": "6", "2023-07-29": "2023-08-29", "24.9": "20.2", "129.79": "149.99"},
        "2023_08": {"5": "7", "2023-07-29": "2023-09-28", "24.9": "22.0", "129.79": "171.99"},
    }.items():
        rate = f"{figures['5']}3.21%"
        sandbox.add_month(month, {("市水务局", "behavior_coverage_rate"): rate})
        path = sandbox.raw("city_metrics", month)
        lines = [list(line.values()) for line in read_csv(path)]
        changed = [[code, figures.get(value, value), *rest] for code, value, *rest in lines]
        write_csv(path, [["metric_code", "value", "province_rank", "detail"], *changed])
        edit(path, "99.58%,倒数1", "100%,1")
        edit(path, "99.32%", "100%")
    sandbox.build()
    results = session.check(sandbox.root / sandbox.database, ["2023_07", "2023_08"])
    new = ("continuity", "unchanged_feeds", "indicator_pairs", "city_rates")
    assert {each.suite for each in results} >= set(new)
    assert not lines_of([each for each in results if each.suite in new])


def test_each_city_is_checked_by_itself(
    june: Sandbox, changed: Callable[..., list[Result]]
) -> None:
    """A second city with the same names; a problem says whose it is."""
    failed = changed(
        "insert into reference.cities select * replace ('511600' as city_code, "
        "'广安市' as city_name) from reference.cities",
        *copies(june, city_code="'511600'", unit_id="replace(unit_id, '511700', '511600')"),
        "update annex_03_county_summary set composite_score = 89 "
        "where unit_name = '渠县' and city_code = '511600'",
        "update intermediate.int_cities_monthly set is_only = false",
    )
    assert {each.city_code for each in failed if each.suite != "city_rates"} == {"511600"}
    assert any("广安市 渠县 “综合得分”列：“89”" in line for line in lines_of(failed))


@pytest.mark.soak
def test_a_bad_cell_is_reported_once_by_its_code(june_copy: Sandbox) -> None:
    """By input_problems alone, though the expectations would find it as well."""
    path = june_copy.raw("special_work", "2023_06")
    set_cells(path, "渠县", {"task_points": "2.5O"})
    done = june_copy.run("refresh", "--json")
    answer = json.loads(done.stdout)
    (problem,) = answer["problems"]
    assert problem == {
        "file": "seeds/raw/2023_06/raw_special_work__2023_06.csv",
        "row": problem["row"],
        "column": "task_points",
        "seen": "“2.5O”",
        "expected": "分数，如 0.6，不适用的填“—”",
        "unit": "渠县",
        "sheet": None,
    }
    (shown,) = answer["lines"]
    assert shown == str(Problem(**problem, title="任务落实情况得分"))
    assert f"第{problem['row']}行 渠县 “任务落实情况得分”列：“2.5O”；" in shown


def test_results_are_kept_in_the_release(june_results: list[Result], database: Path) -> None:
    row = Unexpected("raw_licenses.csv", 7, "渠县", "seal_rate", "电子证照签章率", None, "100")
    failed = replace(june_results[0], is_success=False, unexpected_values=[row])
    july = [replace(result, score_month=date(2023, 7, 1)) for result in (failed, *june_results[1:])]
    write_results(database, june_results)
    write_results(database, july)
    assert not database.with_name("ywtb.duckdb.wal").exists()
    with duckdb.connect(str(database), read_only=True) as connection:
        kept = connection.execute(
            "select * exclude message from audit.expectation_results order by rowid"
        ).fetchall()
        comments = connection.execute(
            "select comment from duckdb_columns() where table_name = 'expectation_results'"
        ).fetchall()
    assert kept == [tuple(asdict(each).values()) for each in (*june_results, *july)]
    assert len(comments) == 13 and all(comment for (comment,) in comments)


def test_a_month_is_checked_again_when_something_it_follows_from_changes(
    sandbox: Sandbox,
) -> None:
    project = Project(sandbox.root)
    sandbox.add_month("2023_07", {})
    before = month_checksums(project)
    assert list(before) == ["2023_06", "2023_07"]

    def changed() -> list[str]:
        now = month_checksums(project)
        return [month for month in now if now[month] != before[month]]

    assert changed() == []
    set_cells(sandbox.raw("licenses", "2023_07"), "市档案局", {"seal_rate": "99.00%"})
    assert changed() == ["2023_07"]
    before = month_checksums(project)
    sandbox.append("errata/errata", "2023-07-01,2023-07-01,note,1,说明,理由,依据,")
    sandbox.append("errata/imputed_cells", "2023-07-01,市档案局,overdue_case_count,0")
    sandbox.append("reference/dimension_weights", "licenses,B,20,2023-07-01,,")
    assert changed() == ["2023_07"]
    set_cells(sandbox.raw("licenses", "2023_06"), "市档案局", {"seal_rate": "99.00%"})
    assert changed() == ["2023_06", "2023_07"]
    before = month_checksums(project)
    sandbox.append("reference/plausibility_limits", "")
    assert changed() == []
    suite = sandbox.root / "expectations" / "marts" / "scores.sql"
    suite.write_text(suite.read_text(encoding="utf-8") + "-- a comment\n", encoding="utf-8")
    assert changed() == ["2023_06", "2023_07"]
    before = month_checksums(project)
    edit(sandbox.root / "dbt_project.yml", "+full_refresh: true", "+full_refresh: false")
    assert changed() == ["2023_06", "2023_07"]


def test_a_failure_is_kept_with_unit_and_value(
    june: Sandbox, changed: Callable[..., list[Result]], tmp_path: Path
) -> None:
    failed = changed("delete from audit.expectation_results", arrives("渠县", "task_points", "2.5"))
    database = tmp_path / "ywtb.duckdb"
    write_results(database, [each for each in failed if each.part == "raw"])
    with duckdb.connect(str(database), read_only=True) as connection:
        (found,) = connection.execute(
            "select suite, unexpected_values, severity, message from audit.expectation_results "
            "where not is_success"
        ).fetchall()
    path = "seeds/raw/2023_06/raw_special_work__2023_06.csv"
    row = found[1][0]["source_row"]
    assert found == (
        "cells",
        [
            {
                "place": path,
                "source_row": row,
                "unit_name": "渠县",
                "column_name": "task_points",
                "column_title": "任务落实情况得分",
                "seen_value": "2.5",
                "expected_value": "2",
            }
        ],
        "warn",
        f"{path} 第{row}行 渠县 “任务落实情况得分”列：“2.5”；应为："
        "不超过该组该项满分；超出部分不计（2）",
    )
    assert read_csv(june.raw("special_work", "2023_06"))[row - 2]["unit_name"] == "渠县"


def write_page(
    exports: Path, database: Path, results: list[Result], *others: Result
) -> lxml.html.HtmlElement:
    """The page of Data Docs of a release that holds June's results and those of other cities."""
    write_results(database, [*results, *others])
    with duckdb.connect(str(database)) as release:
        sites = {
            (each.month, each.city_code): exports / each.city_code / each.month / "site"
            for each in (*results, *others)
        }
        write_data_docs(release, exports, sites)
    return lxml.html.document_fromstring((exports / "data_docs" / "index.html").read_bytes())


@pytest.fixture
def database(june: Sandbox, tmp_path: Path) -> Path:
    """A copy of June's release, without results."""
    path = tmp_path / "ywtb.duckdb"
    shutil.copyfile((june.root / "warehouse" / "ywtb.duckdb").resolve(), path)
    with duckdb.connect(str(path)) as connection:
        connection.execute("delete from audit.expectation_results")
    return path


def test_data_docs_open_offline(june_results: list[Result], database: Path, tmp_path: Path) -> None:
    row = Unexpected("raw_licenses.csv", 7, "渠县", "seal_rate", "电子证照签章率", "101", None)
    warned = replace(june_results[0], city_code="511600", is_success=False, unexpected_values=[row])
    page = write_page(tmp_path, database, june_results, warned)
    assert [each.text_content() for each in page.xpath("//h2")] == [
        "5116002023年6月", "达州市2023年6月",
    ]  # fmt: skip
    assert [each.text_content() for each in page.xpath("//h3")] == [
        f"{each.suite_title}：提醒 1 项"
        for each in (warned, *(each for each in june_results if not each.is_success))
    ]
    known = [result.message for result in june_results if not result.is_success]
    assert [each.text_content() for each in page.xpath("//li")] == [warned.message, *known]
    assert page.xpath("//p/b/text()") == [str(1 + len(known))]
    titles = page.xpath("//tbody/tr/td[1]//text()")
    assert titles[1:] == [each.title for each in load_suites(SUITES) if not each.needs_table]
    assert not page.xpath("//@src | //link | //script")
    assert set(page.xpath("//h2//@href")) == {
        f"../{city}/2023-06/site/quality.html" for city in ("511600", "511700")
    }


def test_markup_in_a_name_stays_text(session: Session, database: Path, tmp_path: Path) -> None:
    """Names pass through Great Expectations and come out as they are."""
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "update marts.annex_02_group_b_summary set unit_name = $names[sequence_no] "
            "where sequence_no <= len($names)",
            {"names": list(MARKUP)},
        )
    page = write_page(tmp_path, database, session.check(database))
    (policy,) = page.xpath("//meta[@http-equiv]/@content")
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy
    known = "html head meta title style body main h1 h2 h3 p b a ul li table thead tbody tr th td"
    assert {each.tag for each in page.iter()} <= {*known.split()}
    attributes = {name for each in page.iter() for name in each.attrib}
    named = "lang charset http-equiv name content href id class scope"
    assert attributes <= {*named.split()}
    shown = page.text_content()
    assert [name for name in MARKUP if visible(name) not in shown] == []


RUN = """
import os, sys
sys.path.remove('')
from pathlib import Path
from ywtb.expectations import ExpectationWorker
from ywtb.project import Project
project = Project(Path(sys.argv[1]))
sys.path.insert(0, '')
"""


def run(june: Sandbox, code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder, which is where it looks for modules first."""
    return subprocess.run(
        [sys.executable, "-c", RUN + code, str(june.root)],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={key: value for key, value in os.environ.items() if "GX_" not in key},
    )


def test_analytics_are_off(june: Sandbox, tmp_path: Path) -> None:
    """In the environment before the import and in the configuration; no connection is tried."""
    code = (
        "assert 'great_expectations' not in sys.modules\n"
        "import socket\n"
        "def refuse(*arguments): raise AssertionError('network')\n"
        "socket.socket.connect = refuse; socket.getaddrinfo = refuse\n"
        "from ywtb.expectations.session import Session\n"
        "session = Session(project)\n"
        "assert os.environ['GX_ANALYTICS_ENABLED'] == 'false'\n"
        "assert session._context.variables.analytics_enabled is False\n"
        "assert session.check(project.published)\n"
    )
    done = run(june, code, tmp_path)
    assert done.returncode == 0, done.stderr


def test_the_worker_finds_the_same(
    june: Sandbox, june_results: list[Result], worker: ExpectationWorker
) -> None:
    worker.ask(june.root / "warehouse" / "ywtb.duckdb", ["2023_06"])
    assert worker.answer() == june_results


def test_the_worker_passes_errors_on(june: Sandbox, worker: ExpectationWorker) -> None:
    with pytest.raises(WorkerError, match="IOException"):
        worker.ask(june.root / "missing.duckdb")
        worker.answer()
    worker.ask(june.root / "warehouse" / "ywtb.duckdb")
    assert worker.answer()


@pytest.mark.parametrize(
    "doing",
    [
        "pass",
        "worker._connection.send((project.published, None))",
        "worker.ask(project.published); worker.answer()",
    ],
)
def test_the_worker_does_not_outlive_its_parent(june: Sandbox, tmp_path: Path, doing: str) -> None:
    """Killed while it imports, while it checks, and while it waits."""
    code = (
        f"worker = ExpectationWorker(project).__enter__(); {doing}\n"
        "print(worker._process.pid, flush=True); os.kill(os.getpid(), 9)\n"
    )
    process = Path("/proc", run(june, code, tmp_path).stdout.strip())
    for _ in range(100):
        if not is_running(process):
            return
        time.sleep(0.1)
    pytest.fail("the worker still runs")


def test_a_worker_that_hangs_or_was_killed_is_told(
    june: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ywtb.expectations.worker.SECONDS", 0.1)
    for number, told in ((signal.SIGSTOP, "0.1 秒内没有核对完"), (signal.SIGKILL, "核对中断了")):
        with ExpectationWorker(Project(june.root)) as worker:
            assert worker._process.pid is not None
            os.kill(worker._process.pid, number)
            with pytest.raises(WorkerError, match=told):
                worker.ask(june.root / june.database)
                worker.answer()
        worker._process.join(10)
        assert worker._process.exitcode == -signal.SIGKILL


def test_the_worker_runs_nothing_of_the_current_folder(june: Sandbox, tmp_path: Path) -> None:
    for name in ("great_expectations", "multiprocessing", "pandas"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(f'{__file__} was run')")
    code = (
        "with ExpectationWorker(project) as worker:\n"
        "    worker.ask(project.published)\n    assert worker.answer()\n"
    )
    done = run(june, code, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
