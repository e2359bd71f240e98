"""CSV and Parquet equal the marts to the last decimal, the package validates, scores add up."""

import csv
import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import frictionless
import jsonschema
import openpyxl
import pytest
import yaml

from conftest import Sandbox, read_csv
from export_months import HOSTILE, REVISION, hostile, read_june, without
from ywtb.exports.data.tables import guarded, kept_as_text, write_tables
from ywtb.exports.release_month import ReleaseMonth
from ywtb.project import Project
from ywtb.release.queries import open_release

EXPLAINING = {
    "audit.points_lost_ledger": "points_lost_ledger",
    "audit.errata_in_force": "errata_in_force",
    "audit.adjustments_in_force": "adjustments_in_force",
    "audit.revisions": "revisions",
    "intermediate.int_dimension_weights_monthly": "dimension_weights",
    "intermediate.int_group_indicators_monthly": "group_indicators",
    "reference.groups": "groups",
    "reference.dimensions": "dimensions",
    "reference.rule_bases": "rule_bases",
}
"""Names of what is exported besides the marts."""


@pytest.fixture(scope="module")
def month(june: Sandbox) -> ReleaseMonth:
    return read_june(june)


@pytest.fixture(scope="module")
def connection(june: Sandbox) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_release(Project(june.root)) as opened:
        yield opened


@pytest.fixture(scope="module")
def folder(june: Sandbox) -> Path:
    return june.root / "exports" / "2023-06" / "data"


@pytest.fixture(scope="module")
def scores(folder: Path) -> Any:
    return json.loads((folder / "scores.json").read_text(encoding="utf-8"))


def sources(month: ReleaseMonth) -> dict[str, str]:
    """Tables of the month by the names of their files."""
    marts = [source for source in month.tables if source.startswith("marts.")]
    return {
        **{source.partition(".")[2]: source for source in marts},
        **{name: source for source, name in EXPLAINING.items()},
    }


def parquet(path: Path) -> list[tuple[Any, ...]]:
    with closing(duckdb.connect()) as reader:
        return reader.execute("select * from read_parquet(?)", [str(path)]).fetchall()


def test_every_mart_and_what_explains_it_is_there(month: ReleaseMonth, folder: Path) -> None:
    names = set(sources(month))
    assert {path.stem for path in (folder / "csv").iterdir()} == names
    assert {path.stem for path in (folder / "parquet").iterdir()} == names
    assert len(names) == 37 + len(EXPLAINING)


def test_parquet_equals_the_release_with_its_types(
    connection: duckdb.DuckDBPyConnection, month: ReleaseMonth, folder: Path
) -> None:
    for name, source in sources(month).items():
        path = folder / "parquet" / f"{name}.parquet"
        assert parquet(path) == [tuple(row.values()) for row in month.tables[source]], name
        with closing(duckdb.connect()) as reader:
            found = reader.execute("describe from read_parquet(?)", [str(path)]).fetchall()
        expected = connection.execute(f"describe {source}").fetchall()
        assert [row[:2] for row in found] == [row[:2] for row in expected], name


def test_csv_equals_the_release_to_the_last_decimal(month: ReleaseMonth, folder: Path) -> None:
    package = frictionless.Package.from_descriptor(str(folder / "datapackage.json"))
    for name, source in sources(month).items():
        resource = package.get_table_resource(name)
        rows = [tuple(map(_unquoted, row.to_dict().values())) for row in resource.read_rows()]
        assert rows == [tuple(row.values()) for row in month.tables[source]], name
        for row, printed in zip(month.tables[source], _texts(folder, name), strict=True):
            for value, text in zip(row.values(), printed, strict=True):
                if isinstance(value, Decimal):
                    assert text == f"{value:f}"


def _unquoted(value: Any) -> Any:
    return value.removeprefix("'") if isinstance(value, str) else value


def _texts(folder: Path, name: str) -> list[list[str]]:
    with (folder / "csv" / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))[1:]


def test_excel_is_told_that_a_csv_is_unicode(folder: Path) -> None:
    for path in (folder / "csv").iterdir():
        assert path.read_bytes().startswith(b"\xef\xbb\xbf"), path.name


def test_the_data_package_validates(folder: Path) -> None:
    report = frictionless.validate(str(folder / "datapackage.json"))
    assert report.valid, report.flatten(["task", "type", "message"])
    assert not report.warnings
    assert len(report.tasks) == 2 * 46 + 2


def test_the_contract_promises_what_the_release_enforces(folder: Path) -> None:
    contract = yaml.safe_load((folder / "datacontract.odcs.yaml").read_text(encoding="utf-8"))
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    tables = {each["name"]: each for each in contract["schema"]}
    assert list(tables) == [each["name"] for each in package["resources"] if "schema" in each]
    scores = tables["fct_composite_scores"]
    columns = {each["name"]: each for each in scores["properties"]}
    assert [name for name, each in columns.items() if "primaryKey" in each] == [
        "score_month", "unit_id",
    ]  # fmt: skip
    assert columns["composite_score"]["physicalType"] == "DECIMAL(9,2)"
    assert columns["composite_score"]["required"]
    assert scores["relationships"][0]["to"] == ["dim_units.score_month", "dim_units.unit_id"]
    assert {"type": "text", "name": "fct_composite_scores__order_is_contiguous",
            "description": "序号连续，同分同名次"} in scores["quality"]  # fmt: skip


def test_the_data_package_notices_a_changed_file(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "data")
    path = tmp_path / "data" / "csv" / "fct_composite_scores.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("90.18", "90.19"), encoding="utf-8")
    assert not frictionless.validate(str(tmp_path / "data" / "datapackage.json")).valid


def test_columns_are_described_with_units_and_printed_headings(
    month: ReleaseMonth, folder: Path
) -> None:
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    resources = {each["name"]: each for each in package["resources"]}
    for name in sources(month):
        for field in resources[name]["schema"]["fields"]:
            assert field["description"], (name, field)
    annex = resources["annex_01_group_a_summary"]
    fields = {field["name"]: field for field in annex["schema"]["fields"]}
    assert annex["title"] == f"附件1 {month.annexes[0].title}"
    assert (fields["seal_rate"]["title"], fields["seal_rate"]["unit"]) == ("电子证照签章率", "%")
    assert fields["composite_score"]["unit"] == "分"
    assert fields["composite_score"]["type"] == "number"
    assert fields["overdue_case_count"]["type"] == "integer"


def test_no_csv_cell_is_taken_for_a_formula_and_all_texts_come_back(
    connection: duckdb.DuckDBPyConnection, month: ReleaseMonth, tmp_path: Path
) -> None:
    changed = hostile(month)
    write_tables(connection, changed, tmp_path / "data")
    found = set()
    for name, source in sources(month).items():
        rows = changed.tables[source]
        for row, texts in zip(rows, _texts(tmp_path / "data", name), strict=True):
            for value, text in zip(row.values(), texts, strict=True):
                if isinstance(value, str):
                    assert text.removeprefix("'") == value
                    assert text == "-" or text[:1] not in tuple("=+@\t\r＝＋－＠")
                    found.add(value)
        path = tmp_path / "data" / "parquet" / f"{name}.parquet"
        assert parquet(path) == [tuple(row.values()) for row in rows], name
    assert set(HOSTILE) <= found
    assert frictionless.validate(str(tmp_path / "data" / "datapackage.json")).valid


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("-", "-"),
        ("—", "—"),
        ("-0.02", "-0.02"),
        ("99.58%", "99.58%"),
        ("市财政局", "市财政局"),
        ("=1", "'=1"),
        ("+1", "'+1"),
        ("-1+2", "'-1+2"),
        ("@x", "'@x"),
        ("\t=1", "'\t=1"),
        (" =1", "' =1"),
        ("\x01=1", "'\x01=1"),
        ("＝1", "'＝1"),
        ("'quoted", "''quoted"),
    ],
)
def test_only_what_might_run_gets_a_quote(text: str, written: str) -> None:
    assert guarded(text) == written


@pytest.mark.parametrize("text", ["2023-06-01", "2023/6", "6-7", "2023年6月", "6月1日"])
def test_a_text_that_a_spreadsheet_would_take_for_a_date_gets_a_quote(text: str) -> None:
    assert kept_as_text(text) == f"'{text}"


@pytest.mark.parametrize("text", ["511700-A01", "2023年6月情况通报", "1.5", "99.58%", "-0.02"])
def test_no_other_text_does(text: str) -> None:
    assert kept_as_text(text) == text


def test_the_same_month_gives_the_same_bytes(
    connection: duckdb.DuckDBPyConnection, month: ReleaseMonth, folder: Path, tmp_path: Path
) -> None:
    write_tables(connection, month, tmp_path / "data", month.release)
    again = {
        path.relative_to(tmp_path / "data"): path.read_bytes()
        for path in tmp_path.rglob("*")
        if path.is_file()
    }
    assert again == {
        path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_corrections_after_publication_keep_their_time(
    connection: duckdb.DuckDBPyConnection, month: ReleaseMonth, tmp_path: Path
) -> None:
    changed = replace(month, tables={**month.tables, "audit.revisions": [REVISION]})
    write_tables(connection, changed, tmp_path / "data")
    path = tmp_path / "data" / "parquet" / "revisions.parquet"
    assert parquet(path) == [tuple(REVISION.values())]
    package = tmp_path / "data" / "datapackage.json"
    assert frictionless.validate(str(package)).valid
    resource = frictionless.Package.from_descriptor(str(package)).get_table_resource("revisions")
    (row,) = resource.read_rows()
    assert row["revised_at"].replace(tzinfo=None) == REVISION["revised_at"]


def test_a_month_without_corrections_is_written_too(
    connection: duckdb.DuckDBPyConnection, month: ReleaseMonth, tmp_path: Path
) -> None:
    clean = without(
        month,
        "audit.errata_in_force",
        "audit.adjustments_in_force",
        "audit.points_lost_ledger",
        "marts.fct_city_metrics",
    )
    write_tables(connection, clean, tmp_path / "data")
    assert frictionless.validate(str(tmp_path / "data" / "datapackage.json")).valid
    assert read_csv(tmp_path / "data" / "csv" / "errata_in_force.csv") == []


def test_scores_keep_to_their_schema(folder: Path, scores: Any) -> None:
    schema = json.loads((folder / scores["$schema"]).read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    validator.validate(scores)


def test_scores_add_up_and_equal_the_marts(month: ReleaseMonth, scores: Any) -> None:
    totals = {row["unit_id"]: row for row in month.tables["marts.fct_composite_scores"]}
    assert [unit["unit_id"] for unit in scores["units"]] == [
        row["unit_id"]
        for group in ("A", "B", "county")
        for row in sorted(totals.values(), key=lambda row: row["sequence_no"])
        if row["group_code"] == group
    ]
    rules = {rule["rule_id"] for rule in scores["rules"]}
    count = 0
    for unit in scores["units"]:
        total = totals[unit["unit_id"]]
        exact = Decimal(unit["exact_score"])
        assert exact == total["exact_score"]
        assert Decimal(unit["composite_score"]) == total["composite_score"]
        assert (unit["sequence_no"], unit["score_rank"]) == (
            total["sequence_no"],
            total["score_rank"],
        )
        assert exact == sum(Decimal(each["score"]) for each in unit["dimensions"])
        assert exact == 100 - sum(Decimal(each["points_lost"]) for each in unit["losses"])
        for dimension in unit["dimensions"]:
            lost = sum(Decimal(each["points_lost"]) for each in dimension["indicators"])
            expected = Decimal(dimension["weight"]) - lost + Decimal(dimension["adjustment_points"])
            assert Decimal(dimension["score"]) == expected
            assert {each["rule_id"] for each in dimension["indicators"]} <= rules
            count += len(dimension["indicators"])
    assert count == len(month.tables["marts.fct_indicator_scores"])


def test_the_workbook_for_analysts_holds_the_tables_and_says_what_they_mean(
    month: ReleaseMonth, folder: Path
) -> None:
    book = openpyxl.load_workbook(folder / "数据.xlsx")
    assert book.sheetnames[0] == "字典"
    dictionary = list(book["字典"].iter_rows(min_row=2, values_only=True))
    for sheet in book.worksheets[1:]:
        columns = {line[1]: line[5] for line in dictionary if line[0] == sheet.title}
        (file,) = {line[4] for line in dictionary if line[0] == sheet.title}
        head, *lines = sheet.iter_rows(values_only=True)
        assert [columns[each] for each in head] == list(month.tables[sources(month)[file]][0])
        assert len(lines) == len(month.tables[sources(month)[file]])
        assert sheet.auto_filter.ref == sheet.dimensions
        assert sheet.freeze_panes == "A2"
        assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    assert all(line[3] for line in dictionary), "every column is explained"
    (_, cells), *_ = book.defined_names["综合得分.综合得分"].destinations
    found = [Decimal(str(cell.value)) for (cell,) in book["综合得分"][cells]]
    assert found == [row["composite_score"] for row in month.tables["marts.fct_composite_scores"]]


def test_a_hostile_name_stays_a_text_in_the_workbook_for_analysts(
    connection: duckdb.DuckDBPyConnection, month: ReleaseMonth, tmp_path: Path
) -> None:
    changed = hostile(month)
    write_tables(connection, changed, tmp_path / "data")
    sheet = openpyxl.load_workbook(tmp_path / "data" / "数据.xlsx")["单位"]
    cells = [cell for row in sheet.iter_rows(min_row=2) for cell in row]
    assert not any(cell.data_type == "f" or cell.hyperlink for cell in cells)
    assert HOSTILE[0] in {cell.value for cell in cells}


def test_the_package_says_when_and_from_what_it_was_made(folder: Path) -> None:
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    assert package["version"] == "1.0.0"
    made = datetime.strptime(package["release"], "%Y%m%dT%H%M%S%fZ").replace(tzinfo=UTC)
    assert datetime.fromisoformat(package["created"]) == made
    assert package["licenses"][0]["name"]
    for resource in package["resources"]:
        assert all(field["title"] for field in resource.get("schema", {}).get("fields", []))
