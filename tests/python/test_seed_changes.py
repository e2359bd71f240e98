"""What July changes by seed rows alone: rules, weights, units, a column, an annex, a feed.

June stays as it was.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

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
from ywtb.release.improve import improvements
from ywtb.release.queries import open_release

pytestmark = pytest.mark.soak

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


RENAMED, MOVED = "市退役军人事务服务局", "市国动办"


@pytest.fixture(scope="module")
def july(june: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """June as it is, and a July with every kind of dated change."""
    sandbox = copy_of(june, tmp_path_factory.mktemp("july"))
    units = {unit["unit_name"]: unit["group_code"] for unit in sandbox.reference("units")}
    # Other coefficients, another weight, a unit renamed, a unit moved to another group.
    sandbox.append(
        "reference/scoring_rules",
        "online_offline_mismatch_count,1,pool_deduction,0,0,0,,0,-0.10,stated,七月通知,"
        f"每 1 件从本项总分中扣 0.10 分,{JULY},",
        f"overdue_case_count,1,per_case_deduction,1,0,0,,0,-1,stated,七月通知,"
        f"每 1 件扣 1 分，扣完为止,{JULY},",
    )
    sandbox.append(
        "reference/units",
        f"511700-B11,511700,{RENAMED},B,29,,{JULY},",
        f"511700-A14,511700,{MOVED},B,14,,{JULY},",
    )
    sandbox.append(
        "reference/dimension_weights",
        f"service_items,B,21,{JULY},,",
        f"licenses,B,21,{JULY},,",
    )
    (old_name,) = (
        unit["unit_name"]
        for unit in sandbox.reference("units")[: len(units)]
        if unit["unit_id"] == "511700-B11"
    )
    units = {RENAMED if name == old_name else name: group for name, group in units.items()}
    units[MOVED] = "B"
    # A printed indicator: an indicator, who reports it, a rule, a column; and in one YAML its type.
    sandbox.append(
        "reference/indicators",
        "survey_rate,licenses,6,群众满意率,percent,0,100,true,问卷满意的比例",
    )
    sandbox.append("reference/group_indicators", f"survey_rate,B,survey_rate,1,{JULY},")
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
    # A grade, where there was none.
    sandbox.append("reference/grades", f"top,优等,98,{JULY},,stated,2023年7月通知")
    # What follows from a low score, a target, and who is named.
    sandbox.append(
        "reference/streak_rules",
        f"low,score_below,1,90,提示,reminder_letter,,本月得分低于{{threshold}}分,{JULY},,stated,"
        "2023年7月通知",
    )
    sandbox.append(
        "reference/indicator_targets",
        f"B,behavior_coverage_rate,at_least,50,{JULY},,stated,2023年7月通知",
    )
    sandbox.append("reference/bulletin_options", f"rank_progress,进步榜,3,{JULY},")
    sandbox.append(
        "reference/dimension_weights",
        f"training,county,1,{JULY},,",
        f"service_items,county,13,{JULY},,",
    )
    sandbox.add_month(
        "2023_07",
        {
            ("渠县", "online_offline_mismatch_count"): "1",
            ("市水务局", "online_offline_mismatch_count"): "400",
            ("渠县", "training_count"): "3",
            ("市档案局", "survey_rate"): "90.00%",
            (MOVED, "unsealed_new_count"): "2",
            ("达川区", "overdue_case_count"): "2",
        },
        units,
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
        (date(2023, 7, 1), Decimal("90.00"), Decimal("20.90")),
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
    ) == [(Decimal("97.65"),)]


def test_what_a_unit_would_gain_follows_from_the_rules_of_july(july: Sandbox) -> None:
    database = (july.root / july.database).resolve()
    database = (july.root / july.database).resolve()
    assert improvements(database, "市水务局", "2023-06")["next_grade"] is None
    found = improvements(database, "市水务局", "2023-07")
    assert found["next_grade"]["grade_name"] == "优等"
    (mismatches,) = (
        each
        for each in found["indicators"]
        if each["indicator_code"] == "online_offline_mismatch_count"
    )
    # 400 cases cost 40 points, but the dimension has no more than 22 to lose.
    assert mismatches["best"]["score_change"] == 22
    assert mismatches["best"]["exact_score"] == found["exact_score"] + 22
    # 10 cost one of the 99 points that the others have.
    assert mismatches["next_grade"]["obs_value"] == 10
    assert mismatches["next_grade"]["exact_score"] == 98
    assert mismatches["next_place"]["obs_value"] == 0
    assert {each["exact_score"] for each in found["above"]} == {99}


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


def test_july_differs_from_june_for_reasons_that_add_up(july: Sandbox) -> None:
    """渠县 has one mismatch in both months; 达川区 had one; most rest of July is full marks."""

    def effects(unit: str) -> list[tuple[Any, ...]]:
        return july.rows(
            "select cause, coalesce(indicator_code, dimension_code), effect "
            "from marts.fct_score_change_effects "
            f"where unit_name = '{unit}' and (cause, effect > 0) != ('value', true) order by all"
        )

    weights = [("weight", "service_items", Decimal(-1)), ("weight", "training", Decimal(1))]
    assert effects("渠县") == [
        ("indicator_new", "training_count", Decimal("-0.25")),
        ("rule", "online_offline_mismatch_count", Decimal("-0.05")),
        *weights,
    ]
    assert effects("达川区") == [
        ("indicator_new", "training_count", Decimal(-1)),
        ("rule", "overdue_case_count", Decimal("-1.9")),
        ("value", "overdue_case_count", Decimal("-0.1")),
        *weights,
    ]
    assert effects(MOVED) == [
        ("group", "construction", Decimal(-10)),
        ("group", "efficiency", Decimal(4)),
        ("group", "licenses", Decimal(5)),
        ("group", "parallel_approval_points", Decimal("0.01")),
        ("group", "service_items", Decimal(-1)),
        ("group", "special_work", Decimal(2)),
        ("value", "unsealed_new_count", Decimal("-0.1")),
    ]
    assert july.rows(
        "select score_by_previous_rules, score_rank, rank_by_previous_rules, is_comparable "
        f"from marts.fct_scores_by_previous_rules where unit_name in ('渠县', '达川区', '{MOVED}') "
        "order by exact_score"
    ) == [
        (Decimal("97.9"), 8, 8, False),
        (Decimal("97.95"), 1, 7, False),
        (None, 26, None, False),
    ]


def test_what_july_asks_for_is_told_of_july(july: Sandbox) -> None:
    """Every group has other rules than in June."""
    assert july.rows(
        "select score_month, reason, streak_starts_because from marts.fct_streak_measures "
        "where unit_name = '市水务局'"
    ) == [(date(2023, 7, 1), "本月得分低于90分", "rules_changed")]
    assert july.rows("select distinct score_month from marts.fct_target_distances") == [
        (date(2023, 7, 1),)
    ]
    document = Document(str(july.root / "exports" / "2023-07" / "通报.docx"))
    (board,) = (each.text for each in document.paragraphs if each.text.startswith("进步榜："))
    assert board.count("因规则、权重或指标有变动不列入") == 3
    assert f"{MOVED}因组别有变动不列入" in board


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


def score(sandbox: Sandbox, unit: str, dimension: str, month: str = JULY) -> Any:
    return sandbox.rows(
        "select weight, score from marts.fct_dimension_scores where unit_name = "
        f"'{unit}' and dimension_code = '{dimension}' and score_month = '{month}'"
    )


def test_changed_coefficient(july: Sandbox) -> None:
    assert score(july, "渠县", "service_items") == [(Decimal(13), Decimal("12.90"))]
    assert score(july, "渠县", "service_items", "2023-06-01") == [(Decimal(14), Decimal("13.95"))]


def test_changed_coefficient_to_a_whole_number(july: Sandbox) -> None:
    assert score(july, "达川区", "efficiency") == [(Decimal(15), Decimal(13))]


def test_changed_weight_and_added_indicator(july: Sandbox) -> None:
    assert score(july, "市档案局", "service_items") == [(Decimal(21), Decimal(21))]
    assert score(july, "市档案局", "licenses") == [(Decimal(21), Decimal("20.9"))]
    assert score(july, "市档案局", "licenses", "2023-06-01") == [(Decimal(20), Decimal(20))]


def test_renamed_unit_keeps_its_identity(july: Sandbox) -> None:
    names = july.rows(
        "select unit_name from marts.fct_composite_scores where unit_id = '511700-B11' "
        "order by score_month"
    )
    assert len(names) == 2
    assert names[0] != names[1] == (RENAMED,)


def test_moved_unit_is_ranked_in_its_new_group(july: Sandbox) -> None:
    assert score(july, "市国动办", "licenses") == [(Decimal(21), Decimal("20.9"))]
    assert score(july, "市国动办", "construction") == []
    sizes = july.rows(
        "select strftime(score_month, '%m'), group_code, count(*), max(sequence_no) "
        "from marts.fct_composite_scores group by all order by all"
    )
    assert [(month, group, size) for month, group, size, _ in sizes] == [
        ("06", "A", 15),
        ("06", "B", 26),
        ("06", "county", 8),
        ("07", "A", 14),
        ("07", "B", 27),
        ("07", "county", 8),
    ]
    assert all(size == last for _, _, size, last in sizes)


def test_earlier_months_are_unchanged(july: Sandbox, june: Sandbox) -> None:
    for table in ("marts.fct_indicator_scores", "marts.fct_composite_scores", "audit.annex_cells"):
        sql = f"select * from {table} where score_month = '2023-06-01' order by all"
        assert july.rows(sql) == june.rows(sql)
