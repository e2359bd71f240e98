"""What July adds as seed rows: a printed indicator, an annex, a feed. June stays as it was."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import lxml.html
import openpyxl
import pytest
from docx import Document

from conftest import Sandbox, copy_of, read_csv, write_csv
from export_months import CITY
from ywtb.exports.bulletin.document import write_document
from ywtb.exports.data.tables import write_tables
from ywtb.exports.release_month import read_month
from ywtb.exports.site.pages import write_site
from ywtb.exports.workbook.workbook import write_workbook
from ywtb.project import Project
from ywtb.release.queries import open_release

JULY = "2023-07-01"
YAML = "models/annexes/_annexes__models.yml"

TRAINING = "业务培训"
"""The dimension that July adds, with a feed of its own."""


def insert_column(sandbox: Sandbox, annex_no: int, place: int, row: str) -> None:
    """Print a column at a place of an annex from July on; those behind it move by one."""
    moved = []
    for each in sandbox.reference("annex_columns"):
        if int(each["annex_no"]) == annex_no and int(each["column_no"]) >= place:
            place_now = str(int(each["column_no"]) + 1)
            values = {**each, "column_no": place_now, "valid_from": JULY}.values()
            moved.append(",".join(values))
    sandbox.append("reference/annex_columns", row, *moved)


@pytest.fixture(scope="module")
def july(june: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """June as it is, and a July with all three."""
    sandbox = copy_of(june, tmp_path_factory.mktemp("dated"))
    # A printed indicator: an indicator, who reports it, a rule, a column; and in one YAML its type.
    sandbox.append(
        "reference/indicators",
        "survey_rate,licenses,6,群众满意率,percent,0,100,true,问卷满意的比例",
    )
    sandbox.append(
        "reference/group_indicators", f"survey_rate,B,survey_rate,2,{JULY},",
        f"issuance_rate,B,issuance_rate,3,{JULY},",
    )  # fmt: skip
    sandbox.append(
        "reference/scoring_rules",
        f"survey_rate,1,proportional,0,0,0,100,0.01,0,stated,2023年7月通知,满分 × 比率,{JULY},",
    )
    insert_column(sandbox, 2, 8, f"2,8,survey_rate,证照应用|群众满意率,群众满意率,0.00%,2,{JULY},")
    edit_after(
        sandbox.root / YAML,
        "- name: annex_02_group_b_summary",
        "      - {name: licenses_score,",
        '      - {name: survey_rate, data_type: "decimal(9, 2)",'
        " description: \"{{ doc('seal_rate') }}\"}\n",
    )
    # An annex: seed rows and a model of two lines with its contract.
    sandbox.append(
        "reference/annexes",
        f"12,annex_12_county_training,县（市、区）{TRAINING}情况表,（{{period}}）,—,county,official,{JULY},",
    )
    sandbox.append(
        "reference/annex_columns",
        f"12,1,sequence_no,序号,序号,0,0,{JULY},",
        f"12,2,unit_name,地区,地区,@,,{JULY},",
        f"12,3,training_count,{TRAINING}|培训次数,培训次数,0,0,{JULY},",
        f"12,4,training_score,{TRAINING}|得分,得分,0.00,2,{JULY},",
    )
    sandbox.append("reference/annex_notes", f"12,1,培训次数：{{period}}举办的业务培训。,{JULY},")
    (sandbox.root / "models/annexes/annex_12_county_training.sql").write_text(
        "-- One row per score month, city and county: annex 12.\n"
        "{{ annex(ref('int_annex_cells')) }}\n"
    )
    with (sandbox.root / YAML).open("a") as file:
        file.write(
            "\n  - name: annex_12_county_training\n"
            f"    description: 附件12，{TRAINING}情况表。One row per month and county.\n"
            "    columns:\n"
            "      - {name: score_month, data_type: date}\n"
            "      - {name: sequence_no, data_type: integer}\n"
            "      - {name: unit_name, data_type: varchar}\n"
            "      - {name: training_count, data_type: integer}\n"
            '      - {name: training_score, data_type: "decimal(9, 2)"}\n'
            "      - {name: city_code, data_type: varchar}\n"
        )
    # A feed: a dimension, its indicator and weights.
    sandbox.append("reference/dimensions", f"training,{TRAINING},8")
    sandbox.append(
        "reference/feeds",
        f"training,{TRAINING},10,unit_name,单位,indicators,true,各县（市、区）业务培训次数",
    )
    sandbox.append(
        "reference/indicators", "training_count,training,1,培训次数,count,0,,true,举办培训的次数"
    )
    sandbox.append("reference/group_indicators", f"training_count,county,training_count,1,{JULY},")
    sandbox.append(
        "reference/scoring_rules",
        f"training_count,1,tiered,0,0,0,,0,0.25,stated,2023年7月通知,每次计 0.25 分,{JULY},",
    )
    sandbox.append(
        "reference/dimension_weights",
        f"training,county,1,{JULY},,",
        f"service_items,county,13,{JULY},,",
    )
    sandbox.add_month(
        "2023_07", {("市档案局", "survey_rate"): "90.00%", ("渠县", "training_count"): "3"}
    )
    for path in (sandbox.root / "seeds/raw/2023_07").iterdir():
        lines = read_csv(path)  # the counties alone report the new feed
        if path.name.startswith("raw_training"):
            kept = [line for line in lines if line["training_count"]]
            write_csv(path, [list(lines[0]), *(list(line.values()) for line in kept)])
    sandbox.refresh()
    return sandbox


def edit_after(path: Path, anchor: str, before: str, text: str) -> None:
    """Insert a text before the first `before` that follows `anchor`."""
    content = path.read_text(encoding="utf-8")
    place = content.index(before, content.index(anchor))
    path.write_text(content[:place] + text + content[place:], encoding="utf-8")


def test_july_prints_the_new_column_and_june_does_not(july: Sandbox) -> None:
    assert july.rows(
        "select score_month, survey_rate, licenses_score from marts.annex_02_group_b_summary "
        "where unit_name = '市档案局' order by score_month"
    ) == [
        (date(2023, 6, 1), None, Decimal("20.00")),
        (date(2023, 7, 1), Decimal("90.00"), Decimal("19.80")),
    ]
    assert july.rows(
        "select cell_text from audit.annex_cells where unit_name = '市档案局' "
        "and column_name = 'survey_rate'"
    ) == [("90.00%",)]


def test_the_new_annex_and_feed_are_scored_and_printed(july: Sandbox) -> None:
    assert july.rows(
        "select training_count, training_score from marts.annex_12_county_training "
        "where unit_name = '渠县'"
    ) == [(3, Decimal("0.75"))]
    assert july.rows("select 培训次数 from 附件.\"附件12\" where 地区 = '渠县'") == [(3,)]
    assert july.rows(
        "select exact_score from marts.fct_composite_scores "
        f"where unit_name = '渠县' and score_month = '{JULY}'"
    ) == [(Decimal("97.75"),)]


def test_the_new_annex_and_column_are_in_every_format(july: Sandbox) -> None:
    folder = july.root / "exports" / "2023-07"
    with open_release(Project(july.root)) as connection:
        month = read_month(connection, "2023-07", CITY)
    document = Document(str(folder / "通报.docx"))
    workbook = openpyxl.load_workbook(folder / "附件1-12.xlsx")
    for number, column, unit, text, value in (
        (2, "survey_rate", "市档案局", "90.00%", 0.9),
        (12, "training_count", "渠县", "3", 3),
    ):
        annex = month.annexes[number - 1]
        names = [each.name for each in annex.columns]
        place, name = names.index(column), names.index("unit_name")
        row = [texts[name] for texts in annex.texts].index(unit)
        assert annex.texts[row][place] == text
        cells = document.tables[number - 1].rows[annex.heading_rows + row].cells
        assert (cells[name].text, cells[place].text) == (unit, text)
        sheet = workbook[f"附件{number}"]
        assert sheet["A2"].value == annex.title
        assert sheet.cell(4 + annex.heading_rows + row, place + 1).value == value
        page = lxml.html.parse(folder / "site" / "annex" / f"{number}.html")
        assert page.xpath("//tbody/tr")[row][place].text_content() == text
        rows = read_csv(folder / "data" / "csv" / f"{annex.mart}.csv")
        assert Decimal(rows[row][column]) == Decimal(text.removesuffix("%"))
    assert month.annexes[-1].period_line == "（7月1日—7月31日）"
    assert month.annexes[-1].notes == ("培训次数：7月1日—7月31日举办的业务培训。",)


def exported(sandbox: Sandbox, folder: Path) -> dict[str, bytes]:
    """What June's exports are made of, by path."""
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


def test_june_is_exported_byte_for_byte_as_before(
    july: Sandbox, june: Sandbox, tmp_path: Path
) -> None:
    before, after = exported(june, tmp_path / "before"), exported(july, tmp_path / "after")
    assert before.keys() == after.keys()
    assert [name for name in before if before[name] != after[name]] == []


def test_an_annex_without_a_mart_could_be_exported(july: Sandbox, tmp_path: Path) -> None:
    with open_release(Project(july.root)) as connection:
        month = read_month(connection, "2023-07", CITY)
        tables = {name: rows for name, rows in month.tables.items() if "annex_12" not in name}
        write_tables(connection, replace(month, tables=tables), tmp_path)
    assert (tmp_path / "csv" / "annex_11_county_supervision.csv").is_file()
    assert not (tmp_path / "csv" / "annex_12_county_training.csv").exists()


def test_an_annex_without_its_mart_is_refused(july: Sandbox, tmp_path: Path) -> None:
    """Seed rows alone do not do: the release would lack the annex that its exports print."""
    released = july.release()
    model = july.root / "models/annexes/annex_12_county_training.sql"
    content = model.read_text()
    model.unlink()
    try:
        done = july.run("refresh")
    finally:
        model.write_text(content)
    assert done.returncode == 1
    assert "annex_columns__match_the_annex_marts" in done.stderr
    assert july.release() == released
