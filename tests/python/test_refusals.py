"""Bad seeds stop the build; every problem is named at once, and nothing published is changed."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import Sandbox, edit, read_csv, write_csv
from ywtb.pipeline.dbt_build import Build
from ywtb.pipeline.seed_files import check_files
from ywtb.project import Project


def set_cell(path: Path, unit: str, column: str, value: str) -> int:
    """Change one cell; return its row as a spreadsheet counts it."""
    lines = read_csv(path)
    (number,) = (number for number, line in enumerate(lines) if line["unit_name"] == unit)
    lines[number][column] = value
    write_csv(path, [list(lines[0]), *(list(line.values()) for line in lines)])
    return number + 2


def bad_errata(sandbox: Sandbox) -> list[tuple[str, ...]]:
    """Spoil the corrections of June; return what the refusal must say."""
    sandbox.append(
        "errata/imputed_cells",
        "2023-06-11,市档案局,mainline_points,3",
        "2023-06-11,市审计局,seal_rate,100.00%",
    )
    edit(
        sandbox.root / "seeds" / "errata" / "imputed_cells.csv",
        "2023-06-11,渠县,unsealed_new_count,0",
        "2023-06-11,渠县,unsealed_new_count,O",
    )
    edit(sandbox.raw("construction", "2023_06"), "市生态环境厅", "市生态环境局")
    return [
        ("seeds/errata/imputed_cells.csv", "市档案局 “主线办件准确率计分”列：“3”", "空白"),
        ("seeds/errata/imputed_cells.csv", "市审计局"),
        ("seeds/errata/imputed_cells.csv", "渠县 “新增未签章数”列：“O”", "整数"),
        ("seeds/errata/cell_corrections.csv", "市生态环境厅"),
    ]


def bad_print(sandbox: Sandbox) -> list[tuple[str, ...]]:
    """Spoil what June published of scores and of the city; return what the refusal must say."""
    published = sandbox.raw("published_scores", "2023_06")
    lines = published.read_text(encoding="utf-8").splitlines(keepends=True)
    published.write_text("".join(lines[:-1]), encoding="utf-8")
    metrics = sandbox.raw("city_metrics", "2023_06")
    edit(metrics, "comprehensive_score,93.24,2,", "comprehensive_score,93.24,第二,")
    metrics.write_text(metrics.read_text(encoding="utf-8") + "new_seal_rate,99.58%,,\n")
    return [
        (published.name, lines[-1].split(",")[0], "“综合得分”列：空白"),
        (metrics.name, "第4行", "“全省排名”列：“第二”"),
        (metrics.name, "“指标”列：“new_seal_rate”", "每个一行"),
    ]


def test_every_bad_cell_is_named(june_copy: Sandbox) -> None:
    sandbox = june_copy
    releases = sorted((sandbox.root / "warehouse" / "releases").iterdir())
    before = (sandbox.root / "warehouse" / "ywtb.duckdb").resolve().parent.name
    sandbox.add_month("2023_07", {})
    raw = {
        feed: sandbox.raw(feed, "2023_07")
        for feed in ("licenses", "efficiency", "subsites", "supervision", "special_work")
    }
    bad = [
        ("licenses", "市档案局", "seal_rate", "12O%", "百分率，如 99.58%"),
        ("licenses", "市公安局", "issuance_rate", "120%", "不大于 100"),
        ("licenses", "市税务局", "backfill_rate", "0.9958", "百分率，如 99.58%"),
        ("efficiency", "市残联", "overdue_case_count", "-1", "不小于 0"),
        ("efficiency", "渠县", "negative_review_count", "1e400", "整数，如 12"),
        ("efficiency", "开江县", "overdue_case_count", "214742614", "整数，如 12"),
        ("efficiency", "市侨办", "rectification_rate", "", "填写该指标的值"),
        ("subsites", "通川区", "app_fault_count", "0", "空白：县（市、区）不考核该指标"),
        ("special_work", "市科技局", "task_points", "-0.5", "不小于 0"),
    ]
    titles = {
        row["indicator_code"]: row["indicator_name"] for row in sandbox.reference("indicators")
    }
    expected: list[tuple[str, ...]] = []
    for feed, unit, column, value, wanted in bad:
        row = set_cell(raw[feed], unit, column, value)
        place = (raw[feed].name, f"第{row}行", unit, f"“{titles[column]}”列")
        expected.append((*place, value, wanted))
    lines = raw["supervision"].read_text(encoding="utf-8").splitlines()
    lines.append(lines[1])
    lines[2] = lines[2].replace("市经信局", "市经信委")
    raw["supervision"].write_text("\n".join(lines) + "\n", encoding="utf-8")
    first = lines[1].split(",")[0]
    expected += [
        (raw["supervision"].name, "第3行", "“市经信委”", "最接近的是“市经信局”"),
        (raw["supervision"].name, "第51行", first, "第一次出现在第2行"),
        (raw["supervision"].name, "市经信局", "空白", "该单位应占一行"),
    ]
    expected += [*bad_errata(sandbox), *bad_print(sandbox)]
    done = sandbox.run("refresh")
    assert done.returncode == 1
    shown = done.stderr.splitlines()
    for parts in expected:
        assert any(all(part in line for part in parts) for line in shown), (parts, done.stderr)
    told = [line.split("：")[0] for line in shown if line.startswith("seeds/")]
    assert len(set(told)) == len(told), "a cell is told twice"
    assert f"已发布的仍是 {before}" in done.stderr
    assert (sandbox.root / "warehouse" / "ywtb.duckdb").resolve().parent.name == before
    assert sorted((sandbox.root / "warehouse" / "releases").iterdir()) == releases
    assert sandbox.rows("select count(distinct score_month) from marts.fct_composite_scores") == [
        (1,)
    ]


def test_every_bad_rule_is_named(unpublished: Sandbox) -> None:
    """And an annex that is to be printed but has no mart to be printed from."""
    sandbox = unpublished
    rules = sandbox.root / "seeds" / "reference" / "scoring_rules.csv"
    sandbox.append("reference/dimension_weights", "licenses,B,21,2023-06-01,,")
    edit(
        sandbox.root / "seeds" / "reference" / "dimension_weights.csv",
        "special_work,county,26,2023-01-01,",
        "special_work,county,25.5,2023-01-01,",
    )
    text = rules.read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    (seal,) = (line for line in lines if line.startswith("seal_rate,"))
    (tier,) = (line for line in lines if line.startswith("connected_app_count__department,2,"))
    text = text.replace(seal, seal.replace("2023-01-01,", "2023-01-01,2023-05-01"))
    (coverage,) = (line for line in lines if line.startswith("behavior_coverage_rate__county,"))
    text = text.replace(tier, tier.replace(",2,5,", ",3,5,"))
    text = text.replace(coverage, coverage.replace("0.004", "0.005"))
    rules.write_text(text, encoding="utf-8")
    sandbox.append(
        "reference/annexes",
        "12,annex_12_training,县（市、区）业务培训情况表,（{period}）,—,county,official,2023-06-01,",
    )
    sandbox.append(
        "reference/annex_columns",
        "12,1,sequence_no,序号,序号,0,0,2023-06-01,",
        "12,2,unit_name,地区,地区,@,,2023-06-01,",
    )
    sandbox.append("reference/cities", "../511,别处,别处办公室,别处,10")
    sandbox.append("errata/errata", "x,2023-06-15,note,1,说明,理由,依据,")
    done = sandbox.run("refresh")
    assert done.returncode == 1
    shown = done.stderr
    assert "group_code=county，weight_sum=99.50" in shown
    assert "group_code=B，weight_sum=101.00" in shown
    assert "indicator_code=seal_rate" in shown
    assert "rule_id=connected_app_count__department" in shown
    assert "rule_id=behavior_coverage_rate__county，segment_no=1，rule_kind=threshold" in shown
    assert "errata__whole_months" in shown
    assert "erratum_id=x，score_month=2023-06-15" in shown
    assert "city_code=../511" in shown.partition("cities__codes_are_of_six_digits")[2]
    assert "annex_columns__match_the_annex_marts" in shown
    assert "mart_name=annex_12_training，printed_column=unit_name" in shown
    assert not (sandbox.root / "warehouse" / "ywtb.duckdb").exists()


@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        ('score_months: "2023_06"', "score_months 为 2023_06"),
        ("score_months:", "score_months 为 None"),
        ("score_months: [", "不是完整的 YAML"),
    ],
)
def test_broken_settings_are_named(sandbox: Sandbox, settings: str, shown: str) -> None:
    path = sandbox.root / "dbt_project.yml"
    edit(path, 'score_months: ["2023_06"]', settings)
    done = sandbox.run("check")
    assert done.returncode == 1
    assert shown in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        (lambda text: text.encode("gb18030"), "不是 UTF-8 编码"),
        (lambda text: f"{text}\n\t[".encode(), "不是完整的 YAML"),
        (lambda text: text.replace("vars:", "vars: 1\nothers:").encode(), "score_months 为 None"),
    ],
    ids=["gb18030", "broken", "other shape"],
)
def test_settings_that_cannot_be_read_are_one_problem(
    sandbox: Sandbox, change: Callable[[str], bytes], shown: str
) -> None:
    path = sandbox.root / "dbt_project.yml"
    path.write_bytes(change(path.read_text(encoding="utf-8") + "# 注\n"))
    (problem,) = check_files(Project.find(sandbox.root))
    assert problem.file == path.name
    assert shown in str(problem)
    assert len(str(problem).splitlines()) == 1


def test_broken_reference_seeds_are_named(sandbox: Sandbox) -> None:
    reference = sandbox.root / "seeds" / "reference"
    text = (reference / "dimensions.csv").read_text(encoding="utf-8")
    (reference / "dimensions.csv").write_text("\ufeff" + text, encoding="utf-8")
    assert sandbox.run("check").returncode == 0
    sandbox.append("reference/indicators", "extra_count,unknown,1,名称,count,0,,true,说明")
    (reference / "dimensions.csv").write_text(text, encoding="utf-8")
    assert "indicators.csv “dimension_code”列：“unknown”" in sandbox.run("check").stderr
    (reference / "dimensions.csv").unlink()
    assert "seeds/reference/dimensions.csv：没有该文件" in sandbox.run("check").stderr


@pytest.mark.soak
def test_a_figure_that_differs_from_print_is_named(unpublished: Sandbox) -> None:
    sandbox = unpublished
    row = set_cell(sandbox.raw("construction", "2023_06"), "市林业局", "mainline_points", "2.50")
    assert row == 12
    done = sandbox.run("refresh")
    assert done.returncode == 1
    assert "cell_reconciliation__every_printed_cell_reproduced" in done.stderr
    assert "annex_no=7，row_no=11，column_no=6，unit_name=市林业局" in done.stderr
    assert "reconciliation_status=unexplained" in done.stderr


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        ("unit_name,overdue_case_count\n市档案局,1\n".encode("gb18030"), "第2行：不是 UTF-8 编码"),
        (b"", "没有列名"),
        (b"unit_name,overdue_case_count\n\xef\xbf\xbd\0,1\n", "空字符"),
        ("unit_name,overdue_case_count\n市档案局,1,2\n".encode(), "第2行：有 3 个单元格"),
        (b"unit_name,overdue_case_count\n\n", "第1行：只有列名"),
        ("unit_name,a,a\n市档案局,1,2\n".encode(), "“a”列：列名重复"),
        ('unit_name,a\n"市档案局,1\n'.encode(), "不是完整的 CSV"),
        (f"unit_name,a\n市档案局,{'长' * 32768}\n".encode(), "第2行 “a”列：单元格有 32768 个字符"),
        ("unit_name,a\n市档案局,1\r\n市教育局,1\n".encode(), "换行符不一致"),
        (b'unit_name,"a\n\xc2\x9b31mb"\n,\n', "“a\\u000a\\u009b31mb”列：未知的列"),
    ],
    ids=[
        "gb18030",
        "empty",
        "nul",
        "ragged",
        "header only",
        "repeated column",
        "open quote",
        "long",
        "line ends",
        "control characters",
    ],
)
def test_a_file_that_cannot_be_read_is_named(sandbox: Sandbox, content: bytes, shown: str) -> None:
    path = sandbox.raw("efficiency", "2023_06")
    path.write_bytes(content)
    done = sandbox.run("refresh")
    assert done.returncode == 1
    assert f"seeds/raw/2023_06/{path.name}" in done.stderr
    assert shown in done.stderr
    assert not (sandbox.root / "warehouse" / "ywtb.duckdb").exists()


def test_months_and_files_must_agree(sandbox: Sandbox) -> None:
    sandbox.add_month("2023_07", {})
    sandbox.raw("licenses", "2023_07").unlink()
    misnamed = sandbox.raw("subsites", "2023_07")
    misnamed.rename(misnamed.with_name("raw_subsites__2023_08.csv"))
    (sandbox.root / "seeds" / "raw" / "2023_09").mkdir()
    sandbox.list_months("2022_12", "2023_06", "2023_07", "2023-10", "9999_01")
    edit(sandbox.raw("efficiency", "2023_07"), "rectification_rate", "rectification")
    done = sandbox.run("check")
    assert done.returncode == 1
    for part in (
        "raw_licenses__2023_07.csv：没有该文件",
        "raw_subsites__2023_07.csv：没有该文件",
        "raw_subsites__2023_08.csv：文件名不在本月文件之列",
        "“score_months”列：月份 2022_12；应为：不早于 2023-01，考核规则从那时起才有",
        "“score_months”列：月份 2023-10；应为：形如 2023_06",
        "“score_months”列：月份 9999_01；应为：不晚于 20",
        "“score_months”列：缺少 2023_09",
        "raw_efficiency__2023_07.csv 第1行 “rectification”列：未知的列",
    ):
        assert part in done.stderr


def test_a_copy_of_a_seed_is_told_wherever_it_lies(sandbox: Sandbox) -> None:
    seeds = sandbox.root / "seeds"
    content = (seeds / "reference" / "units.csv").read_bytes()
    names = ("reference/units - 副本.csv", "reference/old/units.CSV", "units.csv", "raw/units.csv")
    (seeds / "reference" / "old").mkdir()
    for name in names:
        (seeds / name).write_bytes(content)
    problems = check_files(Project(sandbox.root))
    assert {problem.file for problem in problems} == {f"seeds/{name}" for name in names}
    assert {problem.seen for problem in problems} == {"不是本项目的种子文件"}


def test_a_seed_that_is_no_file_is_told_and_never_read(sandbox: Sandbox) -> None:
    feed = sandbox.raw("efficiency", "2023_06")
    units = sandbox.root / "seeds" / "reference" / "units.csv"
    imputed = sandbox.root / "seeds" / "errata" / "imputed_cells.csv"
    for path in (feed, units, imputed):
        path.unlink()
    os.mkfifo(feed)
    units.mkdir()
    imputed.symlink_to("/dev/zero")
    assert [(problem.file, problem.seen) for problem in check_files(Project(sandbox.root))] == [
        (str(path.relative_to(sandbox.root)), "不是普通文件") for path in (imputed, feed, units)
    ]


def test_a_line_separator_is_no_line_break(sandbox: Sandbox) -> None:
    """U+2028 and its like stand inside a cell as any other character does."""
    edit(sandbox.raw("city_metrics", "2023_06"), "万达开", "万\u2028达开")
    assert sandbox.run("check").returncode == 0


@pytest.mark.parametrize("month", ["２０２３-07", "٢٠٢٣-07", "2023-7", "2023-13"])
def test_a_month_is_written_in_ascii_digits(sandbox: Sandbox, month: str) -> None:
    done = sandbox.run("template", "--month", month, "--out", "out")
    assert done.returncode == 2
    assert f"月份“{month}”有误" in done.stderr
    assert not (sandbox.root / "out").exists()


@pytest.mark.soak
def test_words_of_tests_outlive_a_change_of_their_file(sandbox: Sandbox) -> None:
    """What dbt remembers of an earlier parse would lose those of tests in SQL files."""

    def told() -> dict[str, str]:
        build = Build(Project(sandbox.root))
        assert build.parse() == []
        nodes = build.nodes.values()
        tests = [node for node in nodes if node.original_file_path.startswith("tests/singular/")]
        return {node.name: node.description for node in tests}

    before = told()
    assert all(before.values())
    path = sandbox.root / "tests" / "singular" / "_singular__tests.yml"
    name = "score_adjustments__all_applied"
    edit(path, before[name], "每条调整都用到了")
    assert told() == {**before, name: "每条调整都用到了"}
