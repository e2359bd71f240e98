"""A month of two cities: every row names its city, and names are looked up within it."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import edit
from intake_months import (
    FOLDER,
    MONTH,
    Sheets,
    copy_seeds,
    empty_template,
    filled_workbook,
    layout_of,
    number,
    random_month,
    seed_sheets,
    tree_hash,
    workbook_bytes,
    write_csvs,
)
from ywtb.intake.ingest import Leave, ingest
from ywtb.intake.layout import Layout
from ywtb.intake.template import write_template
from ywtb.pipeline.seed_files import check_files
from ywtb.project import Project

OURS, OTHER = "511700", "511600"
UNITS = (
    ("市发展改革委", "A", 1),
    ("市教育局", "A", 2),
    ("市国资委", "B", 3),
    ("广安区", "county", 4),
)
"""Units of the second city from July on; some are called as ours."""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    copied = copy_seeds(tmp_path / "project")
    seeds = copied.seeds / "reference"
    with (seeds / "cities.csv").open("a", encoding="utf-8") as file:
        file.write("511600,广安市,广安市推进职能转变协调小组办公室,广安市,10\n")
    with (seeds / "units.csv").open("a", encoding="utf-8") as file:
        file.writelines(
            f"{OTHER}-{order:02},{OTHER},{name},{group},{order},,2023-07-01,\n"
            for name, group, order in UNITS
        )
    with (seeds / "unit_aliases.csv").open("a", encoding="utf-8") as file:
        file.write(f"广安教育局,{OTHER}-02,简称\n")
    return copied


def expected_rows(layout: Layout, sheets: Sheets, feed: str) -> list[list[str]]:
    """A feed's rows as its seed should hold them, but for how figures are written."""
    codes = {row["city_name"]: row["city_code"] for row in layout.reference.cities}
    metrics = {row["metric_name"]: row["metric_code"] for row in layout.reference.city_metrics}
    return [[codes[row[0]], metrics.get(row[1], row[1])] for row in sheets[feed][1:]]


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_two_cities_arrive(project: Project, tmp_path: Path, file_format: str) -> None:
    layout = layout_of(project)
    sheets = random_month(layout, 21)
    if file_format == "csv":
        source = write_csvs(tmp_path / "month", layout, sheets)
    else:
        source = tmp_path / "数据.xlsx"
        template = empty_template(project, tmp_path)
        source.write_bytes(workbook_bytes(filled_workbook(template, layout, sheets)))
    outcome = ingest(project, [source], MONTH)
    assert [str(problem) for problem in outcome.problems] == []
    assert check_files(project) == []
    seeds = seed_sheets(project, layout)
    for feed in layout.feeds:
        assert seeds[feed.name][0][:2] == ["city_code", feed.key]
        assert [row[:2] for row in seeds[feed.name][1:]] == expected_rows(layout, sheets, feed.name)
    names = [row[1] for row in seeds["efficiency"]]
    assert names.count("市教育局") == 2
    for name in ("efficiency", "licenses"):
        found, filled = (
            [list(map(number, row[2:])) for row in each[name][1:]] for each in (seeds, sheets)
        )
        assert found == filled
    assert not ingest(project, [source], MONTH).is_written


def test_the_template_has_a_column_of_cities(project: Project, tmp_path: Path) -> None:
    layout = layout_of(project)
    sheets = random_month(layout, 1)
    for path in write_template(project, MONTH, tmp_path, "csv"):
        if path.suffix == ".csv":
            with path.open(encoding="utf-8-sig", newline="") as file:
                rows = list(csv.reader(file))
            feed = next(each for each in layout.feeds if each.seed_name(FOLDER) == path.name)
            assert [row[:2] for row in rows] == [row[:2] for row in sheets[feed.name]]


def without_city(rows: list[list[str]]) -> None:
    for row in rows:
        del row[0]


def put(row: int, column: int, value: str) -> Callable[[list[list[str]]], None]:
    def change(rows: list[list[str]]) -> None:
        rows[row][column] = value

    return change


def keep_ours(rows: list[list[str]]) -> None:
    rows[:] = [row for row in rows if row[0] != "广安市"]


LICENSES = f"raw_licenses__{FOLDER}.csv"
CITIES = "511600 广安市、511700 达州市"


@pytest.mark.parametrize(
    ("feed", "change", "told"),
    [
        (
            "licenses",
            without_city,
            f"{LICENSES} 第1行：没有城市列；应为：首列“城市”，每行写明：{CITIES}",
        ),
        (
            "city_metrics",
            without_city,
            f"raw_city_metrics__{FOLDER}.csv 第1行：没有城市列；"
            f"应为：首列“城市”，每行写明：{CITIES}",
        ),
        (
            "licenses",
            put(1, 0, "巴中市"),
            f"{LICENSES} 第2行 “城市”列：“巴中市”；应为：本月的城市：{CITIES}",
        ),
        ("licenses", put(1, 0, ""), f"{LICENSES} 第2行 “城市”列：空白；应为：本月的城市：{CITIES}"),
        (
            "licenses",
            put(2, 1, "市经信局"),
            f"{LICENSES} 第3行 “单位”列：“市经信局”；应为：本月名册",
        ),
    ],
)
def test_what_is_wrong_with_cities_is_told(
    project: Project,
    tmp_path: Path,
    feed: str,
    change: Callable[[list[list[str]]], object],
    told: str,
) -> None:
    layout = layout_of(project)
    sheets = random_month(layout, 22)
    change(sheets[feed])
    before = tree_hash(project.root)
    outcome = ingest(project, [write_csvs(tmp_path / "m", layout, sheets)], MONTH)
    lines = [str(problem) for problem in outcome.problems]
    assert any(line.startswith(told) for line in lines), lines
    if change is without_city:
        assert len([line for line in lines if line.startswith(LICENSES)]) <= 1
    assert tree_hash(project.root) == before


def test_what_a_city_lacks_is_waited_for(project: Project, tmp_path: Path) -> None:
    layout = layout_of(project)
    sheets = random_month(layout, 22)
    keep_ours(sheets["licenses"])
    sheets["efficiency"].pop(2)
    outcome = ingest(project, [write_csvs(tmp_path / "m", layout, sheets)], MONTH)
    assert (outcome.stage, outcome.problems) == ("collecting", [])
    gaps = [str(gap) for gap in outcome.missing]
    assert gaps == ["[证照应用] 广安市", "[运行效能] 广安市 市教育局"]


def test_an_alias_belongs_to_its_city(project: Project, tmp_path: Path) -> None:
    layout = layout_of(project)
    sheets = random_month(layout, 23)
    row = next(row for row in sheets["licenses"] if row[:2] == ["广安市", "市教育局"])
    row[:2] = [OTHER, "广安教育局"]
    ours = next(row for row in sheets["licenses"] if row[:2] == ["达州市", "市教育局"])
    source = write_csvs(tmp_path / "m", layout, sheets)
    assert ingest(project, [source], MONTH).problems == []
    ours[1] = "广安教育局"
    (problem,) = ingest(project, [write_csvs(tmp_path / "n", layout, sheets)], MONTH).problems[:1]
    assert problem.seen == "“广安教育局”"


def test_one_city_may_be_named_and_needs_not(tmp_path: Path) -> None:
    project = copy_seeds(tmp_path / "project")
    layout = layout_of(project)
    sheets = random_month(layout, 24)
    for row in sheets["licenses"]:
        row.insert(0, "城市代码" if row is sheets["licenses"][0] else OURS)
    assert ingest(project, [write_csvs(tmp_path / "m", layout, sheets)], MONTH).problems == []
    seeds = seed_sheets(project, layout)
    assert seeds["licenses"][0][:2] == ["city_code", "unit_name"]
    assert {row[0] for row in seeds["licenses"][1:]} == {OURS}
    assert seeds["efficiency"][0][0] == "unit_name"
    assert check_files(project) == []
    path = project.seeds / "raw" / FOLDER / LICENSES
    edit(path, "city_code,unit_name", "unit_name,city_code")
    assert {problem.column for problem in check_files(project)} == {"city_code"}


def test_a_change_names_the_city(project: Project, tmp_path: Path) -> None:
    layout = layout_of(project)
    sheets = random_month(layout, 25)
    assert ingest(project, [write_csvs(tmp_path / "m", layout, sheets)], MONTH).is_written
    row = next(row for row in sheets["efficiency"] if row[:2] == ["广安市", "市教育局"])
    old, row[2] = row[2], "77"
    source = write_csvs(tmp_path / "n", layout, sheets)
    outcome = ingest(project, [source], MONTH, Leave(to_replace=True))
    (change,) = [change for feed in outcome.feeds for change in feed.changes]
    assert (change.key, change.old, change.new) == ("广安市 市教育局", old, "77")
