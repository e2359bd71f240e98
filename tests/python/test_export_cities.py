"""A second city and new annexes from July on: July shows them, June stays as it was."""

import csv
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import lxml.html
import openpyxl
import pytest
from docx import Document

from conftest import Sandbox, copy_of, read_csv, write_csv
from export_months import CITY
from ywtb.exports.bulletin.document import write_document
from ywtb.exports.data.tables import write_tables
from ywtb.exports.formats import MANIFEST
from ywtb.exports.month_folder import export_months
from ywtb.exports.release_month import ReleaseMonth, read_month
from ywtb.exports.site.pages import write_site
from ywtb.exports.workbook.workbook import write_workbook
from ywtb.project import Project
from ywtb.release.queries import open_release

OTHER = "511600"
COUNTIES = ("广安区", "前锋区", "华蓥市", "岳池县", "武胜县", "邻水县", "枣山园区", "协兴园区")
"""Names of the other city's counties; its departments are named as ours."""

SEEDS = {
    "reference/cities": [f"{OTHER},广安市,广安市政务服务办公室,广安市政务服务,10"],
    "reference/indicators": [
        "training_count,service_items,5,业务培训次数,count,0,,true,当月组织的业务培训（次）"
    ],
    "reference/group_indicators": [f"training_count,{group},,,2023-07-01," for group in ("A", "B")],
    "reference/annexes": [
        "4,annex_04_department_service_items,市级部门事项梳理和培训表,,—,A|B,official,2023-07-01,",
        "12,annex_12_department_training,市级部门业务培训表,（{period}）,—,A|B,official,2023-07-01,",
    ],
    "reference/annex_columns": [
        "4,8,training_count,业务培训次数,业务培训次数,0,0,2023-07-01,",
        "12,1,sequence_no,序号,序号,0,0,2023-07-01,",
        "12,2,unit_name,部门,部门,@,,2023-07-01,",
        "12,3,training_count,业务培训次数,业务培训次数,0,0,2023-07-01,",
    ],
    "reference/annex_notes": ["12,1,业务培训次数：{period}组织的业务培训次数。,2023-07-01,"],
}
"""What is new from July on."""

MODEL = """\
-- One row per score month, city and department: annex 12, training.
{{ annex(ref('int_annex_cells')) }}
"""

CONTRACT = """
  - name: annex_12_department_training
    description: 附件12，市级部门业务培训表。One row per month, city and unit.
    constraints:
      - {type: primary_key, columns: [score_month, city_code, sequence_no]}
    columns:
      - {name: score_month, data_type: date, constraints: *required, description: Month.}
      - {name: sequence_no, data_type: integer, constraints: *required, description: Row.}
      - {name: unit_name, data_type: varchar, constraints: *required, description: Unit.}
      - {name: training_count, data_type: integer, description: 业务培训次数。}
      - {name: city_code, data_type: varchar, constraints: *required, description: City.}
"""


def extend(sandbox: Sandbox) -> None:
    """Add the seeds of July, the contract's column and the annex's model, and July's files."""
    sandbox.add_month("2023_07", {("渠县", "online_offline_mismatch_count"): "2"})
    units = sandbox.reference("units")
    counties = iter(COUNTIES)
    names = {
        unit["unit_name"]: next(counties) if unit["group_code"] == "county" else unit["unit_name"]
        for unit in units
    }
    for unit in units:
        code = unit["unit_id"].replace(CITY, OTHER)
        cells = (code, OTHER, names[unit["unit_name"]], unit["group_code"], unit["official_order"])
        sandbox.append("reference/units", f"{','.join(cells)},,2023-07-01,")
    for seed, lines in SEEDS.items():
        sandbox.append(seed, *lines)
    for path in (sandbox.root / "seeds" / "raw" / "2023_07").iterdir():
        _add_city(path, names)
    models = sandbox.root / "models" / "annexes"
    (models / "annex_12_department_training.sql").write_text(MODEL, encoding="utf-8")
    contract = models / "_annexes__models.yml"
    text = contract.read_text(encoding="utf-8")
    last = "      - {name: city_code, data_type: varchar, constraints: *required, "
    before, annex, after = text.partition("  - name: annex_04_department_service_items\n")
    column = "      - {name: training_count, data_type: integer, description: 业务培训次数。}\n"
    contract.write_text(
        before + annex + after.replace(last, column + last, 1) + CONTRACT, encoding="utf-8"
    )


def _add_city(path: Path, names: dict[str, str]) -> None:
    """Put the city before the other columns of a monthly file, and rows of the other city below."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *lines = csv.reader(file)
    is_training = "online_offline_mismatch_count" in header
    if is_training:
        header.append("training_count")
        lines = [[*line, "3" if line[0].startswith("市") else ""] for line in lines]
    ours = [name for name, other in names.items() if name != other]
    others = [
        [OTHER, names.get(line[0], line[0]), *line[1:]]
        for line in lines
        if not any(name in cell for name in ours for cell in line[1:])
    ]
    if is_training:
        others = [[*line[:-1], "7" if line[-1] else ""] for line in others]
    write_csv(path, [["city_code", *header], *([CITY, *line] for line in lines), *others])


@pytest.fixture(scope="module")
def province(june: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """June of one city, and July of two with everything that is new."""
    sandbox = copy_of(june, tmp_path_factory.mktemp("province"))
    extend(sandbox)
    sandbox.refresh()
    return sandbox


def read(sandbox: Sandbox, month: str, city: str) -> ReleaseMonth:
    with open_release(Project(sandbox.root)) as connection:
        return read_month(connection, month, city)


def written(sandbox: Sandbox, folder: Path) -> dict[str, bytes]:
    """The files of June, by path."""
    folder.mkdir()
    with open_release(Project(sandbox.root)) as connection:
        month = read_month(connection, "2023-06", CITY)
        write_tables(connection, month, folder / "data")
    write_document(month, folder / "document.docx")
    write_workbook(month, folder / "workbook.xlsx")
    write_site(month, folder / "site", [], {})
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_what_is_new_in_july_leaves_june_byte_for_byte(
    june: Sandbox, province: Sandbox, tmp_path: Path
) -> None:
    before, after = written(june, tmp_path / "before"), written(province, tmp_path / "after")
    assert before.keys() == after.keys()
    assert [name for name in before if before[name] != after[name]] == []


def test_a_month_of_two_cities_has_a_folder_for_each(province: Sandbox) -> None:
    exports = province.root / "exports"
    folders = {path.parent.relative_to(exports).as_posix() for path in exports.rglob(MANIFEST.path)}
    assert folders == {"2023-06", f"{CITY}/2023-07", f"{OTHER}/2023-07"}
    months = {}
    for city in (CITY, OTHER):
        site = exports / city / "2023-07" / "site"
        tree = lxml.html.parse(site / "unit" / f"{city}-A01.html")
        links = tree.xpath("//details[@class='months']//@href")
        assert all((site / "unit" / link).resolve().is_file() for link in links)
        months[city] = [(site / "unit" / link).resolve().parents[1].name for link in links]
    assert months == {CITY: ["2023-06", "2023-07"], OTHER: []}


def text_of(folder: Path) -> Iterator[str]:
    """All texts of a month's exports, but the rules' evidence, which is that of the province."""
    document = Document(str(folder / "通报.docx"))
    yield from (paragraph.text for paragraph in document.paragraphs)
    yield from (cell.text for table in document.tables for row in table.rows for cell in row.cells)
    for sheet in openpyxl.load_workbook(folder / "附件1-12.xlsx"):
        yield from (str(cell) for row in sheet.values for cell in row)
    for path in (*folder.glob("site/**/*.html"), *folder.glob("data/csv/*.csv")):
        if path.stem not in ("rules", "dim_rules"):
            yield path.read_text(encoding="utf-8")


def test_a_city_shows_no_others_units(province: Sandbox) -> None:
    units = province.reference("units")
    ours = {
        unit["unit_name"]
        for unit in units
        if (unit["city_code"], unit["group_code"]) == (CITY, "county")
    }
    for city, own, foreign in ((CITY, ours, set(COUNTIES)), (OTHER, set(COUNTIES), ours)):
        text = "\n".join(text_of(province.root / "exports" / city / "2023-07"))
        assert [name for name in own if name not in text] == []
        assert [name for name in foreign if name in text] == []
        assert (OTHER in text, CITY in text) == (city == OTHER, city == CITY)


def test_a_new_annex_and_a_new_column_are_in_every_format(province: Sandbox) -> None:
    folder = province.root / "exports" / OTHER / "2023-07"
    month = read(province, "2023-07", OTHER)
    assert [annex.number for annex in month.annexes] == list(range(1, 13))
    for number, columns in ((4, 8), (12, 3)):
        annex = month.annexes[number - 1]
        assert annex.columns[-1].label == "业务培训次数"
        assert {row[-1] for row in annex.texts} == {"7"}
        table = Document(str(folder / "通报.docx")).tables[number - 1]
        assert {row.cells[-1].text for row in list(table.rows)[annex.heading_rows :]} == {"7"}
        assert len(table.columns) == columns
        sheet = openpyxl.load_workbook(folder / "附件1-12.xlsx")[f"附件{number}"]
        assert sheet["A2"].value == annex.title
        first = 4 + annex.heading_rows
        last = first + len(annex.texts) - 1
        cells = sheet.iter_rows(first, last, columns, columns, values_only=True)
        assert {value for (value,) in cells} == {7}
        page = lxml.html.parse(folder / "site" / "annex" / f"{number}.html")
        assert set(page.xpath("//tbody/tr/td[last()]/text()")) == {"7"}
        rows = read_csv(folder / "data" / "csv" / f"{annex.mart}.csv")
        assert {row["training_count"] for row in rows} == {"7"}
    assert month.annexes[-1].notes == ("业务培训次数：7月1日—7月31日组织的业务培训次数。",)
    assert (month.annexes[3].title, month.annexes[11].period_line) == (
        "市级部门事项梳理和培训表",
        "（7月1日—7月31日）",
    )


def test_an_annex_without_a_mart_is_exported_all_the_same(
    province: Sandbox, tmp_path: Path
) -> None:
    with open_release(Project(province.root)) as connection:
        month = read_month(connection, "2023-07", CITY)
        tables = {name: rows for name, rows in month.tables.items() if "annex_12" not in name}
        write_tables(connection, replace(month, tables=tables), tmp_path)
    assert (tmp_path / "csv" / "annex_04_department_service_items.csv").is_file()
    assert not (tmp_path / "csv" / "annex_12_department_training.csv").exists()


def test_folders_of_cities_that_are_no_longer_there_go(province: Sandbox, tmp_path: Path) -> None:
    copied = copy_of(province, tmp_path / "copy")
    exports = copied.root / "exports"
    shutil.copytree(exports / "2023-06", exports / CITY / "2023-06")
    shutil.copytree(exports / "2023-06", exports / "511500" / "2023-06")
    (exports / OTHER / ".2023-07.new").mkdir()
    assert export_months(Project(copied.root)) == []
    left = sorted(path.relative_to(exports).as_posix() for path in exports.rglob("20??-??"))
    assert left == ["2023-06", f"{OTHER}/2023-07", f"{CITY}/2023-07"]
    assert not (exports / "511500").exists()
    assert not (exports / OTHER / ".2023-07.new").exists()
