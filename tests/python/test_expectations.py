"""Great Expectations: June passes, bad files and corrupted marts are named, nothing is skipped."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from conftest import Sandbox, edit, read_csv, write_csv
from ywtb.expectations import (
    ExpectationWorker,
    Result,
    SuiteError,
    Unexpected,
    WorkerError,
    check_raw,
    failures,
    read_results,
    write_results,
)
from ywtb.expectations.session import Session
from ywtb.pipeline.fingerprints import month_checksums
from ywtb.project import Project

RAW_SUITES = {
    "raw_service_items",
    "raw_licenses",
    "raw_efficiency",
    "raw_subsites",
    "raw_supervision",
    "raw_special_work",
    "raw_construction",
    "raw_city_metrics",
    "raw_published_scores",
}


@pytest.fixture(scope="module")
def session(june: Sandbox) -> Session:
    return Session(Project(june.root))


@pytest.fixture(scope="module")
def june_results(june: Sandbox, session: Session) -> list[Result]:
    return [
        *session.check_raw(),
        *session.check_marts(june.root / "warehouse" / "ywtb.duckdb"),
    ]


@pytest.fixture(scope="module")
def worker(june: Sandbox) -> Iterator[ExpectationWorker]:
    with ExpectationWorker(Project(june.root)) as started:
        yield started


@pytest.fixture
def corrupted(june: Sandbox, tmp_path: Path) -> Callable[..., list[Result]]:
    """Failures of a copy of June's release after some statements were run on it."""
    session = Session(Project(june.root))

    def run(*statements: str) -> list[Result]:
        database = tmp_path / "ywtb.duckdb"
        shutil.copy((june.root / "warehouse" / "ywtb.duckdb").resolve(), database)
        with duckdb.connect(str(database)) as connection:
            for statement in statements:
                (changed,) = connection.execute(statement).fetchall()[0]
                assert changed == 1, statement
        return failures(session.check_marts(database), "stop")

    return run


def set_cells(path: Path, unit: str, cells: dict[str, str]) -> int:
    """Change cells of a unit's row; return the row as a spreadsheet counts it."""
    lines = read_csv(path)
    (number,) = (number for number, line in enumerate(lines) if line["unit_name"] == unit)
    lines[number].update(cells)
    write_csv(path, [list(lines[0]), *(list(line.values()) for line in lines)])
    return number + 2


def lines_of(results: list[Result]) -> list[str]:
    return [str(problem) for result in results for problem in result.problems()]


def test_june_passes(june_results: list[Result]) -> None:
    assert lines_of(failures(june_results, "stop")) == []
    assert lines_of(failures(june_results, "warn")) == []


def test_every_feed_annex_and_fact_has_a_suite(june: Sandbox, june_results: list[Result]) -> None:
    marts = {
        name
        for (name,) in june.rows(
            "select table_name from information_schema.tables where table_schema = 'marts'"
        )
    }
    checks = {"cross_annex", "month_over_month_scores", "month_over_month_observations"}
    assert {result.suite for result in june_results} == RAW_SUITES | marts | checks
    assert len(marts) == 18


def test_suites_type_no_unit_range_or_weight() -> None:
    """Numbers and unit names come from the seeds: a suite types at most 0 and 1."""
    root = Path(__file__).resolve().parents[2]
    reference = root / "seeds" / "reference"
    units = {row["unit_name"] for row in read_csv(reference / "units.csv")}
    for path in (root / "expectations").rglob("*.yml"):
        text = path.read_text(encoding="utf-8")
        assert not [unit for unit in units if unit in text], path.name
        for expectation in yaml.safe_load(text).get("expectations", []):
            numbers = [
                value
                for value in (expectation.get("kwargs") or {}).values()
                if isinstance(value, int | float) and not isinstance(value, bool)
            ]
            assert set(numbers) <= {0, 1}, (path.name, expectation)


def test_every_rate_of_an_annex_is_checked(june: Sandbox, june_results: list[Result]) -> None:
    checked = {
        (result.suite, result.column)
        for result in june_results
        if result.expectation == "expect_column_values_to_be_between"
    }
    numbers = june.rows(
        "select mart_name, column_name from reference.annex_columns "
        "inner join reference.annexes using (annex_no) "
        "where column_name not in ('sequence_no', 'unit_name', 'group_name', "
        "'parallel_approval_measure')"
    )
    assert set(numbers) <= checked


def test_numbers_are_never_floats(june: Sandbox) -> None:
    from ywtb.expectations.marts import Release, mart_frames
    from ywtb.expectations.raw import raw_frames

    project = Project(june.root)
    release = Release(project.published)
    for frame in (*raw_frames(project, ["2023_06"]), *mart_frames(release, release.months)):
        pandas = frame.as_pandas()
        assert all(str(kind) == "object" for kind in pandas.dtypes), frame.name
        found = {type(value) for row in frame.rows for value in row.values()}
        assert float not in found, frame.name
        assert float not in {type(value) for column in pandas for value in pandas[column]}


@pytest.mark.parametrize("suite", ["raw/raw_licenses", "marts/annex_07_department_construction"])
def test_a_misspelt_type_is_an_error(sandbox: Sandbox, june: Sandbox, suite: str) -> None:
    path = sandbox.root / "expectations" / f"{suite}.yml"
    written = yaml.safe_load(path.read_text(encoding="utf-8"))
    written.setdefault("expectations", []).append(
        {
            "type": "expect_column_values_to_be_betwixt",
            "kwargs": {"column": "unit_name"},
            "severity": "stop",
        }
    )
    path.write_text(yaml.safe_dump(written, allow_unicode=True), encoding="utf-8")
    session = Session(Project(sandbox.root))
    with pytest.raises(SuiteError, match="betwixt"):
        session.check_raw()
        session.check_marts(june.root / "warehouse" / "ywtb.duckdb")


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("severity: warn", "severity: warning", "severity"),
        ("${column}_max", "${colunm}_max", "colunm"),
        ("for_each: indicators", "for_each: indicaters", "indicaters"),
        ("or_equal: true", "or_equals: true", "or_equals"),
    ],
)
def test_a_suite_that_cannot_be_run_is_an_error(
    sandbox: Sandbox, old: str, new: str, shown: str
) -> None:
    path = sandbox.root / "expectations" / "raw" / "_unit_feed.yml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(SuiteError, match=shown):
        check_raw(Project(sandbox.root))


def test_a_missing_suite_is_an_error(sandbox: Sandbox) -> None:
    (sandbox.root / "expectations" / "raw" / "raw_efficiency.yml").unlink()
    with pytest.raises(SuiteError, match="raw_efficiency"):
        check_raw(Project(sandbox.root))


def test_bad_files_are_named(sandbox: Sandbox) -> None:
    sandbox.add_month("2023_07", {})
    bad = [
        ("licenses", "市档案局", "seal_rate", "12O%", "电子证照签章率", "百分率，如 99.58%"),
        ("licenses", "市公安局", "issuance_rate", "120%", "证照生产率", "不大于 100"),
        ("efficiency", "市残联", "overdue_case_count", "-1", "超时件数", "不小于 0"),
        ("efficiency", "渠县", "negative_review_count", "1.5", "差评情况", "整数"),
        ("subsites", "通川区", "app_fault_count", "0", "应用异常数", "空白：该组不考核"),
        ("special_work", "市科技局", "task_points", "-0.5", "任务落实", "不小于 0"),
    ]
    expected: list[tuple[str, ...]] = []
    for feed, unit, column, value, title, wanted in bad:
        path = sandbox.raw(feed, "2023_07")
        row = set_cells(path, unit, {column: value})
        expected.append((path.name, f"第{row}行", unit, title, f"“{value}”", wanted))
    raw = sandbox.raw("efficiency", "2023_07")
    row = set_cells(raw, "市侨办", {"rectification_rate": ""})
    expected.append((raw.name, f"第{row}行", "市侨办", "差评按期整改率", "空白", "填写"))
    supervision = sandbox.raw("supervision", "2023_07")
    edit(supervision, "市经信局", "市经信委")
    expected += [
        (supervision.name, "市经信委", "本月名册"),
        (supervision.name, "市经信局", "本月名册"),
    ]
    lines = sandbox.raw("service_items", "2023_07").read_text(encoding="utf-8").splitlines()
    sandbox.raw("service_items", "2023_07").write_text("\n".join([*lines, lines[1]]) + "\n")
    expected += [
        ("raw_service_items__2023_07.csv", f"第{len(lines) + 1}行", lines[1].split(",")[0], "只占"),
        ("raw_service_items__2023_07.csv", "50", "共 49 个单位"),
    ]
    results = Session(Project(sandbox.root)).check_raw()
    shown = lines_of([each for each in results if not each.success])
    for parts in expected:
        assert any(all(part in line for part in parts) for line in shown), (parts, shown)
    assert all("2023_07" in line for line in shown)


def test_a_missing_column_and_a_missing_file_are_named(sandbox: Sandbox) -> None:
    sandbox.add_month("2023_07", {})
    edit(sandbox.raw("efficiency", "2023_07"), "rectification_rate", "rectification")
    sandbox.raw("subsites", "2023_07").unlink()
    shown = lines_of(failures(check_raw(Project(sandbox.root), ["2023_07"]), "stop"))
    assert any("raw_efficiency" in line and "没有 rectification_rate 列" in line for line in shown)
    assert any("raw_subsites" in line and "app_fault_count" in line for line in shown)


@pytest.mark.parametrize(
    ("feed", "unit", "cells", "severity"),
    [
        ("licenses", "大竹县", {"new_seal_rate": "94.55%", "unsealed_new_count": "0"}, "warn"),
        ("licenses", "大竹县", {"new_seal_rate": "—", "unsealed_new_count": "6"}, "warn"),
        ("licenses", "大竹县", {"new_seal_rate": "100.00%", "unsealed_new_count": "1"}, "warn"),
        (
            "efficiency",
            "渠县",
            {"negative_review_count": "2", "rectification_rate": "—"},
            "warn",
        ),
        ("special_work", "渠县", {"task_points": "2.5"}, "warn"),
        (
            "construction",
            "市林业局",
            {"auxiliary_accuracy_rate": "-", "auxiliary_points": "2.9"},
            "warn",
        ),
    ],
)
def test_cells_that_contradict_each_other(
    sandbox: Sandbox, feed: str, unit: str, cells: dict[str, str], severity: str
) -> None:
    sandbox.add_month("2023_07", {})
    row = set_cells(sandbox.raw(feed, "2023_07"), unit, cells)
    results = check_raw(Project(sandbox.root), ["2023_07"])
    (failed,) = failures(results, severity)
    (problem,) = failed.problems()
    assert (problem.unit, problem.row) == (unit, row)
    assert f"“{list(cells.values())[-1]}”" in str(problem)
    assert failures(results, "warn" if severity == "stop" else "stop") == []


def test_a_later_month_with_changed_rules(sandbox: Sandbox) -> None:
    """A new indicator and a unit that changes group ask nothing of June."""
    sandbox.append(
        "reference/indicators",
        "response_rate,efficiency,4,咨询按期答复率,percent,0,100,true,规定时间内答复的咨询占比（%）",
    )
    sandbox.append(
        "reference/group_indicators",
        *(f"response_rate,{group},,,2023-07-01," for group in ("A", "B", "county")),
    )
    sandbox.append("reference/units", "511700-A15,511700,市气象局,B,42,,2023-07-01,")
    sandbox.add_month("2023_07", {})
    (sandbox.raw("construction", "2023_07")).write_text(
        "".join(
            line
            for line in sandbox.raw("construction", "2023_07")
            .read_text(encoding="utf-8")
            .splitlines(keepends=True)
            if not line.startswith("市气象局")
        ),
        encoding="utf-8",
    )
    path = sandbox.raw("efficiency", "2023_07")
    results = check_raw(Project(sandbox.root))
    assert lines_of(failures(results, "stop")) == []
    row = set_cells(path, "渠县", {"response_rate": "101%"})
    (line,) = lines_of(failures(check_raw(Project(sandbox.root), ["2023_07"]), "stop"))
    assert all(part in line for part in ("渠县", f"第{row}行", "咨询按期答复率", "101%"))


@pytest.mark.parametrize(
    ("statement", "suite", "parts"),
    [
        (
            "update marts.annex_01_group_a_summary set composite_score = 101 "
            "where unit_name = '市水务局'",
            "annex_01_group_a_summary",
            ("市水务局", "综合得分", "“101”", "不大于满分 100"),
        ),
        (
            "delete from marts.annex_06_department_supervision where unit_name = '市残联'",
            "annex_06_department_supervision",
            ("市残联", "不多不少"),
        ),
        (
            "update marts.annex_11_county_supervision set behavior_coverage_rate = 120 "
            "where unit_name = '渠县'",
            "annex_11_county_supervision",
            ("渠县", "监管事项行为覆盖率", "“120”", "不大于 100"),
        ),
        (
            "update marts.annex_08_county_service_items set guide_error_count = -1 "
            "where unit_name = '渠县'",
            "annex_08_county_service_items",
            ("渠县", "办事指南异常数", "“-1”", "不小于 0"),
        ),
        (
            "update marts.annex_05_department_special_work set group_name = 'A组' "
            "where unit_name = '市残联'",
            "annex_05_department_special_work",
            ("市残联", "组别", "“A组”"),
        ),
        (
            "update marts.annex_10_county_construction set mainline_points = 5.5 "
            "where unit_name = '渠县'",
            "cross_annex",
            ("渠县", "工程审批得分", "附件10"),
        ),
        (
            "update marts.annex_03_county_summary set service_items_score = 14 "
            "where unit_name = '渠县'",
            "cross_annex",
            ("渠县", "事项梳理得分", "“14”"),
        ),
        (
            "update marts.fct_indicator_scores set points = max_points + 0.0000000001 "
            "where unit_name = '渠县' and indicator_code = 'task_points'",
            "fct_indicator_scores",
            ("渠县", "得分不超过满分"),
        ),
        (
            "update marts.fct_dimension_scores set score = 26.0000000001 "
            "where unit_name = '渠县' and dimension_code = 'special_work'",
            "fct_dimension_scores",
            ("渠县", "不超过权重"),
        ),
        (
            "update marts.fct_composite_scores set exact_score = 100.0000000001 "
            "where unit_name = '渠县'",
            "fct_composite_scores",
            ("渠县", "100.0000000001"),
        ),
        (
            "delete from marts.fct_observations "
            "where unit_name = '渠县' and indicator_code = 'task_points'",
            "fct_observations",
            ("共 1556 行", "1555"),
        ),
        (
            "update marts.fct_city_metrics set metric_value = 100.5 "
            "where metric_code = 'on_time_rate'",
            "fct_city_metrics",
            ("on_time_rate", "100.5"),
        ),
    ],
)
def test_a_corrupted_mart_is_caught(
    corrupted: Callable[..., list[Result]], statement: str, suite: str, parts: tuple[str, ...]
) -> None:
    failed = corrupted(statement)
    shown = lines_of([result for result in failed if result.suite == suite])
    assert any(all(part in line for part in parts) for line in shown), lines_of(failed)


def test_a_leap_from_one_month_to_the_next_is_a_warning(three_months: Sandbox) -> None:
    project = Project(three_months.root)
    results = Session(project).check_marts(project.published)
    assert failures(results, "stop") == []
    warned = [each for each in failures(results, "warn") if each.month == "2023-07"]
    assert {each.suite for each in warned} <= {
        "month_over_month_scores",
        "month_over_month_observations",
    }
    assert any(
        all(part in line for part in ("市水务局", "监管事项行为覆盖率", "72.22", "2023-06"))
        for line in lines_of(warned)
    )


def test_results_are_kept_in_the_release(
    june: Sandbox, june_results: list[Result], tmp_path: Path
) -> None:
    database = tmp_path / "ywtb.duckdb"
    shutil.copy((june.root / "warehouse" / "ywtb.duckdb").resolve(), database)
    for _ in range(2):
        write_results(database, june_results)
    assert not database.with_name("ywtb.duckdb.wal").exists()
    with duckdb.connect(str(database), read_only=True) as connection:
        (count,) = connection.execute("select count(*) from audit.expectation_results").fetchall()
        assert count == (len(june_results),)
        columns = connection.execute(
            "select column_name, comment from duckdb_columns() "
            "where table_name = 'expectation_results' order by column_index"
        ).fetchall()
        assert [name for name, _ in columns] == [
            "score_month",
            "suite",
            "expectation_no",
            "expectation",
            "column_name",
            "column_title",
            "expected",
            "observed",
            "unexpected_values",
            "severity",
            "is_success",
            "message",
            "source_file",
        ]
        assert all(comment for _, comment in columns)
        comments = connection.execute(
            "select comment from duckdb_tables() where table_name = 'expectation_results'"
        ).fetchall()
        assert comments[0][0]


def test_results_are_read_back_as_they_were_written(
    june: Sandbox, june_results: list[Result], tmp_path: Path
) -> None:
    database = tmp_path / "ywtb.duckdb"
    failed = replace(june_results[0], success=False, unexpected=[Unexpected("渠县", 7, None)])
    july = [replace(result, month="2023-07") for result in (failed, *june_results[1:])]
    write_results(database, [*june_results, *july])
    in_order = sorted(july, key=lambda each: (each.suite, each.number))
    assert read_results(database, ["2023_07"]) == in_order
    assert len(read_results(database, ["2023_06", "2023_07"])) == 2 * len(june_results)


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
    sandbox.append("errata/errata", "2023-07-01,2023-07-01,note,1,说明,理由,依据")
    sandbox.append("errata/imputed_cells", "2023-07-01,市档案局,overdue_case_count,0")
    sandbox.append("reference/dimension_weights", "licenses,B,20,2023-07-01,")
    assert changed() == ["2023_07"]
    set_cells(sandbox.raw("licenses", "2023_06"), "市档案局", {"seal_rate": "99.00%"})
    assert changed() == ["2023_06", "2023_07"]
    before = month_checksums(project)
    sandbox.append("reference/plausibility_limits", "")
    assert changed() == []
    suite = sandbox.root / "expectations" / "marts" / "fct_composite_scores.yml"
    suite.write_text(suite.read_text(encoding="utf-8") + "# a comment\n", encoding="utf-8")
    assert changed() == ["2023_06", "2023_07"]
    before = month_checksums(project)
    edit(sandbox.root / "dbt_project.yml", "+full_refresh: true", "+full_refresh: false")
    assert changed() == ["2023_06", "2023_07"]


def test_a_failure_is_kept_with_unit_and_value(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.add_month("2023_07", {})
    row = set_cells(sandbox.raw("licenses", "2023_07"), "市档案局", {"seal_rate": "120%"})
    database = tmp_path / "results.duckdb"
    write_results(database, check_raw(Project(sandbox.root), ["2023_07"]))
    with duckdb.connect(str(database), read_only=True) as connection:
        (found,) = connection.execute(
            "select suite, column_name, unexpected_values, severity, message "
            "from audit.expectation_results where not is_success"
        ).fetchall()
    assert found == (
        "raw_licenses",
        "seal_rate",
        [{"unit_name": "市档案局", "source_row": row, "seen_value": "120%"}],
        "stop",
        f"seeds/raw/2023_07/raw_licenses__2023_07.csv 第{row}行 市档案局 “电子证照签章率”列："
        "“120%”；应为：不小于 0，不大于 100",
    )


def test_data_docs_open_offline(sandbox: Sandbox, tmp_path: Path) -> None:
    set_cells(sandbox.raw("licenses", "2023_06"), "市档案局", {"seal_rate": "120%"})
    contents = []
    for name in ("first", "second"):
        session = Session(Project(sandbox.root))
        results = session.check_raw()
        folder = tmp_path / name / "data_docs"
        for _ in range(2):
            front = session.write_data_docs(folder)
        contents.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert contents[0] == contents[1]
    text = front.read_text(encoding="utf-8")
    assert all(part in text for part in ("市档案局", "“120%”", "未通过 <b>1</b> 项"))
    suites = {f"{suite}__2023_06.html" for suite in RAW_SUITES}
    assert {path.name for path in front.parent.iterdir()} == {"index.html", *suites}
    assert len(results) > 100
    for path in front.parent.iterdir():
        page = path.read_text(encoding="utf-8")
        assert not re.search(r"https?:|(?:src|href)\s*=\s*.?//|@import|<script", page), path.name
        assert "posthog" not in page.lower()
        for target in re.findall(r'href="([^"#]+)', page):
            assert (front.parent / target).is_file(), target


def test_analytics_are_off(june: Sandbox) -> None:
    """In the environment before the import and in the configuration; no connection is tried."""
    code = (
        "import sys, os; from pathlib import Path\n"
        "import ywtb.expectations\n"
        "assert 'great_expectations' not in sys.modules\n"
        "import socket\n"
        "def refuse(*arguments): raise AssertionError('network')\n"
        "socket.socket.connect = refuse; socket.getaddrinfo = refuse\n"
        "from ywtb.expectations.session import Session\n"
        "from ywtb.project import Project\n"
        "session = Session(Project(Path(sys.argv[1])))\n"
        "assert os.environ['GX_ANALYTICS_ENABLED'] == 'false'\n"
        "assert session.context.variables.analytics_enabled is False\n"
        "session.check_raw()\n"
    )
    environment = {key: value for key, value in os.environ.items() if "GX_" not in key}
    done = subprocess.run(
        [sys.executable, "-c", code, str(june.root)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr


def test_the_worker_finds_the_same(
    june: Sandbox, june_results: list[Result], worker: ExpectationWorker, tmp_path: Path
) -> None:
    worker.begin_check_raw()
    results = worker.results()
    results += worker.check_marts(june.root / "warehouse" / "ywtb.duckdb")
    assert results == june_results
    assert worker.write_data_docs(tmp_path / "data_docs").is_file()


def test_the_worker_passes_errors_on(june: Sandbox, worker: ExpectationWorker) -> None:
    with pytest.raises(WorkerError, match="IOException"):
        worker.check_marts(june.root / "missing.duckdb")
    assert worker.check_raw(["2023_06"])


def test_the_worker_does_not_outlive_its_parent(june: Sandbox) -> None:
    code = (
        "import os, sys; from pathlib import Path\n"
        "from ywtb.expectations import ExpectationWorker\n"
        "from ywtb.project import Project\n"
        "worker = ExpectationWorker(Project(Path(sys.argv[1]))); worker.start()\n"
        "print(worker._process.pid, flush=True); os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(june.root)], capture_output=True, text=True, check=False
    )
    process = Path("/proc", done.stdout.strip())
    for _ in range(200):
        if not process.exists() or "(zombie)" in (process / "status").read_text():
            return
        time.sleep(0.1)
    pytest.fail("the worker still runs")


def test_bounds_stay_exact() -> None:
    """A bound that a float cannot hold neither refuses itself nor lets the next value pass."""
    from ywtb.expectations.suites import _exact

    step = Decimal("0.0000000001")
    for number in range(1, 4000):
        bound = Decimal(number) / 1000
        upper: Any = _exact("max_value", bound)
        lower: Any = _exact("min_value", bound)
        assert bound <= upper < bound + step
        assert bound - step < lower <= bound
