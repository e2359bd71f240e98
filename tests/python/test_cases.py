"""Case records: what is counted from them, found again, compared and refused; nobody is named."""

import csv
import json
import shutil
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from conftest import Sandbox, copy_of, edit, read_csv, shared, write_csv

pytestmark = pytest.mark.soak

HEADINGS = (
    "办件编号", "申请人姓名", "身份证号", "办理单位", "受理时间", "承诺办结时间", "办结时间",
    "满意度评价", "整改时间",
)  # fmt: skip
NAME, IDENTITY_NUMBER = "欧阳测试", "511702199001011234"

Case = tuple[str, ...]
"""Number, unit, accepted, due, finished, rating, rectified."""

JULY: tuple[Case, ...] = (
    ("7-01", "市水务局", "2023-07-01 09:30:00", "2023-07-10", "2023-07-12", "满意", ""),
    ("7-02", "市水务局", "2023-07-01", "2023-07-10", "2023-07-10 17:59:00", "不满意", "2023-07-20"),
    ("7-03", "市水务局", "2023-07-01", "2023-07-20", "", "", ""),
    ("7-04", "市水务局", "2023-07-02", "2023-07-12", "2023-07-05", "非常不满意", "2023-07-09"),
    ("7-05", "市水务局", "2023-07-02", "2023-07-12", "2023-07-05", "不满意", ""),
    ("7-06", "市水务局", "2023-07-30", "2023-08-15", "", "", ""),
    ("7-07", "大竹县", "2023-07-03", "2023-07-04", "2023-07-06", "非常满意", ""),
    ("7-08", "市税务局", "2023-07-03", "2023-07-04", "2023-07-04", "满意", ""),
)
AUGUST: tuple[Case, ...] = (
    ("8-01", "渠县", "2023/7/20", "2023/8/2", "2023/8/3 10:00", "满意", ""),
    ("\t8-02", "市发展和改革委员会", "2023/8/1", "2023/8/9", "2023/8/10", "满意", ""),
)


def rows_of(cases: Iterable[Case]) -> Iterator[list[str]]:
    """Records as the system exports them, with the applicant beside."""
    for number, *rest in cases:
        yield [number, NAME, IDENTITY_NUMBER, *rest]


def case_file(sandbox: Sandbox, month: str, suffix: str) -> Path:
    path = (
        sandbox.root / "cases" / "city_code=511700" / f"score_month={month}-01" / f"cases{suffix}"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def write_cases(sandbox: Sandbox, month: str, cases: Iterable[Case]) -> Path:
    path = case_file(sandbox, month, ".csv")
    write_csv(path, [list(HEADINGS), *rows_of(cases)])
    return path


def write_parquet(sandbox: Sandbox, month: str, cases: Iterable[Case]) -> None:
    """As a database exports it: dates are dates."""
    text = sandbox.root / "cases.csv"
    write_csv(text, [list(HEADINGS), *rows_of(cases)])
    target = case_file(sandbox, month, ".parquet")
    duckdb.sql(f"copy (from read_csv('{text}', types = {{'办结时间': 'timestamp'}})) to '{target}'")
    text.unlink()


def keep_cases(sandbox: Sandbox) -> None:
    edit(sandbox.root / "dbt_project.yml", "  # case_path: cases", "  case_path: cases")


@pytest.fixture(scope="module")
def counted(june: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """June as it was; July with a blank cell and figures of its own; August without 运行效能."""

    def build(root: Path) -> None:
        sandbox = copy_of(june, root)
        keep_cases(sandbox)
        reported = {
            ("市水务局", "overdue_case_count"): "",
            ("市水务局", "negative_review_count"): "3",
            ("市水务局", "rectification_rate"): "66.67%",
            ("大竹县", "overdue_case_count"): "3",
            ("大竹县", "rectification_rate"): "—",
        }
        units = [row["unit_name"] for row in sandbox.reference("units")]
        reported |= {(unit, "rectification_rate"): "—" for unit in units if unit != "市水务局"}
        sandbox.add_month("2023_07", reported, stage="draft")
        sandbox.add_month("2023_08", {}, stage="draft")
        sandbox.raw("efficiency", "2023_08").unlink()
        write_parquet(sandbox, "2023-07", JULY)
        write_cases(sandbox, "2023-08", AUGUST)
        sandbox.refresh()

    return shared(tmp_path_factory, "counted", build)


def test_figures_are_counted_where_none_is_reported(counted: Sandbox) -> None:
    observed = {
        (unit, indicator): (value, status, file)
        for unit, indicator, value, status, file in counted.rows(
            "select unit_name, indicator_code, obs_value, obs_status, source_file "
            "from marts.fct_observations where dimension_code = 'efficiency' "
            "and score_month = '2023-08-01'"
        )
    }
    file = "city_code=511700/score_month=2023-08-01/cases.csv"
    assert observed["渠县", "overdue_case_count"] == (1, "A", file)
    assert observed["市发展改革委", "overdue_case_count"] == (1, "A", file)
    assert observed["市税务局", "overdue_case_count"] == (0, "A", file)
    assert observed["市水务局", "rectification_rate"] == (None, "M", file)
    july = counted.rows(
        "select indicator_code, obs_value, source_row is null from marts.fct_observations "
        "where score_month = '2023-07-01' and unit_name = '市水务局' "
        "and dimension_code = 'efficiency' order by all"
    )
    assert july == [
        ("negative_review_count", Decimal(3), False),
        ("overdue_case_count", Decimal(2), True),
        ("rectification_rate", Decimal("66.67"), False),
    ]
    assert counted.rows(
        "select case_count, rectified_review_count, rectification_rate from cases.case_indicators "
        "where unit_name = '市水务局' and score_month = '2023-07-01'"
    ) == [(5, 2, Decimal("66.6666666667"))]


def test_a_reported_figure_that_was_counted_otherwise_is_a_warning(counted: Sandbox) -> None:
    done = counted.run("acknowledge", "2023-07")
    warnings = [line for line in done.stdout.splitlines() if "办件记录" in line]
    assert len(warnings) == 1, warnings
    for part in (
        "raw_efficiency__2023_07.csv 第",
        "大竹县 “超时件数”列：“3”",
        "（1，据 city_code=",
    ):
        assert part in warnings[0]


def test_cases_behind_every_lost_point_are_found_again(counted: Sandbox) -> None:
    done = counted.run("explain", "市水务局", "--month", "2023-07", "--cases")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    (first,) = (number for number, line in enumerate(lines) if "超时件数：" in line)
    source, written_out, total, *cases = lines[first + 1 : first + 6]
    file = "city_code=511700/score_month=2023-07-01/cases.parquet"
    assert f"按办件记录 {file} 统计，为 2" in source
    assert " − 0.05 × 2 = " in written_out
    assert "办件记录统计为 2，办件 2 件" in total and "假定" in total
    assert [case.strip() for case in cases] == [
        f"7-01  受理 2023-07-01，承诺办结 2023-07-10，办结 2023-07-12，满意；{file} 第2行",
        f"7-03  受理 2023-07-01，承诺办结 2023-07-20，没有办结；{file} 第4行",
    ]
    found = json.loads(
        counted.run("explain", "市水务局", "--month", "2023-07", "--cases", "--json").stdout
    )
    numbers = {
        loss["indicator_name"]: [case["case_no"] for case in loss["counted"]["cases"]]
        for loss in found["losses"]
        if loss["counted"]
    }
    assert numbers == {
        "超时件数": ["7-01", "7-03"],
        "主动评价中的差评情况": ["7-02", "7-04", "7-05"],
        "差评按期整改率": ["7-05"],
    }


def test_nobody_is_named_in_what_is_kept(counted: Sandbox) -> None:
    kept = [
        path
        for folder in ("warehouse", "logs", "exports", "target")
        for path in (counted.root / folder).rglob("*")
        if path.is_file()
    ]
    texts = [NAME.encode(), IDENTITY_NUMBER.encode()]
    assert [path for path in kept if any(text in path.read_bytes() for text in texts)] == []
    assert any(b"7-05" in path.read_bytes() for path in kept if path.suffix == ".duckdb")


def test_without_records_nothing_is_listed(june: Sandbox) -> None:
    assert june.rows("from duckdb_tables() where schema_name = 'cases'") == []
    done = june.run("explain", "市水务局", "--cases")
    assert (done.returncode, done.stdout) == (2, "")
    assert "case_path" in done.stderr


def test_definitions_hold(counted: Sandbox) -> None:
    """The unit tests of models that are not built without records."""
    built = counted.root / "warehouse" / "dev" / "ywtb.duckdb"
    shutil.copyfile(counted.root / "warehouse" / "ywtb.duckdb", built)
    tests = ("cases_behind_points__which_cases_count", "int_case_cells__as_a_monthly_file_has_them")
    done = counted.run("--quiet", "test", "--select", *tests, program="dbt")
    assert done.returncode == 0, done.stdout


def test_every_bad_record_is_named(june_copy: Sandbox) -> None:
    sandbox = june_copy
    published = sandbox.release()
    keep_cases(sandbox)
    good = ("", "市水务局", "2023-06-01", "2023-06-10", "2023-06-05", "满意", "")
    bad: tuple[Case, ...] = (
        ("6-02", *good[1:]),
        ("6-03", "市水利局", *good[2:]),
        good,
        ("6-05", "市水务局", "2023-06-20", "2023-06-10", "2023-06-21", "满意", ""),
        ("6-06", "市水务局", "2023-06-20", "2023-06-22", "2023-06-19", "满意", ""),
        ("6-07", "市水务局", "2023-06-31", "", "二十日", "五星", "是"),
        ("6-08", "市水务局", "2023-06-01", "2023-06-10", "", "", ""),
        ("6-08", "市水务局", "2023-06-01", "2023-06-10", "2023-06-09", "满意", ""),
    )
    path = write_cases(sandbox, "2023-06", bad)
    done = sandbox.run("refresh")
    assert done.returncode == 1, done.stdout + done.stderr
    said = done.stdout + done.stderr
    file = path.relative_to(sandbox.root / "cases").as_posix()
    for row, column, seen, expected in (
        (3, "办理单位", "“市水利局”", "最接近的是“市水务局”"),
        (4, "办件编号", "空白", "办件的编号"),
        (5, "承诺办结时间", "“2023-06-10”", "不早于受理之日"),
        (6, "办结时间", "“2023-06-19”", "不早于受理之日"),
        (7, "受理时间", "“2023-06-31”", "日期，如"),
        (7, "承诺办结时间", "空白", "日期，如"),
        (7, "办结时间", "“二十日”", "没有办结的留空"),
        (7, "满意度评价", "“五星”", "不满意、基本满意、"),
        (7, "整改时间", "“是”", "没有整改的留空"),
        (9, "办件编号", "“6-08”", "每个办件只占一行"),
    ):
        (line,) = (each for each in said.splitlines() if f"第{row}行 “{column}”列" in each)
        assert file in line and seen in line and expected in line, line
    assert sum(file in line for line in said.splitlines()) == 10
    assert NAME not in said and IDENTITY_NUMBER not in said
    assert sandbox.release() == published


def test_files_that_cannot_be_read_are_named_without_their_rows(unpublished: Sandbox) -> None:
    sandbox = unpublished
    keep_cases(sandbox)
    path = write_cases(sandbox, "2023-06", JULY)
    (rows := list(csv.reader(path.open(encoding="utf-8"))))[3].append(IDENTITY_NUMBER)
    write_csv(path, rows)
    write_cases(sandbox, "2023-05", JULY).rename(sandbox.root / "cases" / "办件.csv")
    done = sandbox.run("check")
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert f"{path.relative_to(sandbox.root / 'cases')} 第4行：无法读取" in said
    assert "办件.csv：文件名不在办件记录之列" in said
    assert IDENTITY_NUMBER not in said and NAME not in said
    write_csv(path, [[each.replace("整改时间", "联系电话") for each in row] for row in rows[:2]])
    assert "“整改时间”列：没有该列" in sandbox.run("check").stderr
    path.write_text(",".join(HEADINGS) + "\n", encoding="gb18030")
    assert "UTF-8 编码" in sandbox.run("check").stderr


def test_months_are_complete_without_what_is_counted(counted: Sandbox) -> None:
    status = json.loads(counted.run("status", "--month", "2023-08", "--json").stdout)
    assert "运行效能" not in json.dumps(status.get("missing"), ensure_ascii=False)
    assert len(read_csv(counted.raw("efficiency", "2023_07"))) == 49
