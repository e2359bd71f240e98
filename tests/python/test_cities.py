"""A second city beside the first: scored by the same rules, ranked, named and exported apart."""

import csv
import io
import json
import random
import re
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import lxml.html
import openpyxl
import pytest
from docx import Document

import oracle
from conftest import Sandbox, copy_of, edit, read_csv, write_csv
from test_scores import random_cell
from ywtb.assessment.problem import INPUT_TEST
from ywtb.exports.formats import MANIFEST
from ywtb.exports.month_folder import export_months
from ywtb.project import Project

pytestmark = pytest.mark.soak

HOME, SECOND = "511700", "511600"
NAMES = {
    "通川区": "广安区",
    "达川区": "前锋区",
    "万源市": "华蓥市",
    "宣汉县": "岳池县",
    "大竹县": "武胜县",
    "渠县": "邻水县",
    "开江县": "枣山园区",
    "达州高新区": "协兴园区",
}
"""Counties of 广安 in the places of ours; its departments are called as ours."""

OWN_WEIGHTS = {"service_items": 20, "special_work": 34}
"""Weights of group B in the second city: 22 and 32 elsewhere."""


def add_second_city(sandbox: Sandbox, valid_from: str = "2023-06-01") -> None:
    """Enter 广安市, its units and its own weights into the seeds."""
    sandbox.append("reference/cities", f"{SECOND},广安市,广安市协调小组办公室,广安市改革,10")
    units = [
        {
            **unit,
            "unit_id": unit["unit_id"].replace(HOME, SECOND),
            "city_code": SECOND,
            "unit_name": NAMES.get(unit["unit_name"], unit["unit_name"]),
            "region_code": "",
            "valid_from": valid_from,
        }
        for unit in sandbox.reference("units")
    ]
    sandbox.append("reference/units", *(_line(unit) for unit in units))
    weights = [
        {**row, "weight": str(OWN_WEIGHTS[row["dimension_code"]]), "city_code": SECOND}
        for row in sandbox.reference("dimension_weights")
        if row["group_code"] == "B" and row["dimension_code"] in OWN_WEIGHTS
    ]
    sandbox.append("reference/dimension_weights", *(_line(row) for row in weights))


def _line(row: dict[str, str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(row.values())
    return text.getvalue()


def add_rows_of_both(
    sandbox: Sandbox, month: str, chance: random.Random
) -> dict[str, dict[str, str]]:
    """Name the city in the month's files and add rows of the second one with other values.

    Returns:
        The second city's cells by unit and indicator.
    """
    units = {
        unit["unit_name"]: unit
        for unit in sandbox.reference("units")
        if unit["city_code"] == SECOND
    }
    written: dict[str, dict[str, str]] = {}
    for path in (sandbox.root / "seeds" / "raw" / month).iterdir():
        lines = read_csv(path)
        key = next(iter(lines[0]))
        rows = [["city_code", *lines[0]]]
        rows += [[HOME, *line.values()] for line in lines]
        if key == "metric_code":
            rows += [
                [SECOND, *line.values()]
                for line in lines
                if not any(name in text for name in NAMES for text in line.values())
            ]
        elif "published_scores" not in path.name:
            for line in read_csv(path):
                # Misprints of the first city's file are no concern of the second.
                name = NAMES.get(line[key], line[key])
                if name not in units or name in {row[1] for row in rows if row[0] == SECOND}:
                    continue
                group = units[name]["group_code"]
                cells = {code: text for code, text in line.items() if code != key}
                for code in cells:
                    if code in oracle.INDICATORS and oracle.maximum(code, group) is not None:
                        cells[code] = random_cell(code, group, chance)
                        written.setdefault(name, {})[code] = cells[code]
                rows.append([SECOND, name, *cells.values()])
        write_csv(path, rows)
    return written


@pytest.fixture(scope="module")
def written() -> dict[str, dict[str, str]]:
    return {}


@pytest.fixture(scope="module")
def cities(
    june: Sandbox, tmp_path_factory: pytest.TempPathFactory, written: dict[str, dict[str, str]]
) -> Sandbox:
    """June of one city published, then July of two."""
    sandbox = copy_of(june, tmp_path_factory.mktemp("cities"))
    faults = {("大竹县", "unsealed_new_count"): "7", ("市教育局", "overdue_case_count"): "3"}
    sandbox.add_month("2023_07", faults)
    add_second_city(sandbox, "2023-07-01")
    written |= add_rows_of_both(sandbox, "2023_07", random.Random(5116))
    sandbox.refresh()
    return sandbox


def test_both_cities_score_by_the_rules(
    cities: Sandbox, written: dict[str, dict[str, str]]
) -> None:
    units = {
        unit["unit_name"]: unit for unit in cities.reference("units") if unit["city_code"] == SECOND
    }
    assert written.keys() == units.keys()
    expected = {}
    groups = defaultdict(list)
    for name, unit in units.items():
        cells = {code: text.replace("-", "—") for code, text in written[name].items()}
        scores = oracle.dimension_scores(unit["group_code"], cells)
        if unit["group_code"] == "B":
            for dimension, weight in OWN_WEIGHTS.items():
                lost = sum(
                    (oracle.maximum(code, "B") or Decimal(0)) - oracle.points(code, "B", text)
                    for code, text in cells.items()
                    if oracle.INDICATORS[code][0] == dimension
                )
                scores[dimension] = max(Decimal(weight) - lost, Decimal(0))
        total = sum(scores.values(), Decimal(0))
        groups[unit["group_code"]].append((-total, int(unit["official_order"]), name))
        expected[name] = total
    places = {
        name: number
        for members in groups.values()
        for number, (_, _, name) in enumerate(sorted(members), start=1)
    }
    found = cities.rows(
        "select unit_name, exact_score, composite_score, sequence_no "
        f"from marts.fct_composite_scores where city_code = '{SECOND}'"
    )
    assert {name: tuple(rest) for name, *rest in found} == {
        name: (total, total.quantize(Decimal("0.01"), ROUND_HALF_UP), places[name])
        for name, total in expected.items()
    }


def test_no_rank_across_cities(cities: Sandbox) -> None:
    """Every city counts its own places, in rankings, averages and annexes."""
    sizes = [(HOME, "A", 15), (HOME, "B", 26), (HOME, "county", 8)]
    sizes += [(SECOND, group, size) for _, group, size in sizes]
    for table, place in (
        ("marts.fct_composite_scores", "sequence_no"),
        ("marts.fct_year_to_date_scores", "average_rank"),
    ):
        assert cities.rows(
            f"select city_code, group_code, count(*) from {table} "
            f"where score_month = '2023-07-01' group by all having max({place}) <= count(*) "
            "order by all"
        ) == sorted(sizes)
    assert cities.rows(
        "select city_code, min(sequence_no), max(sequence_no), count(*) "
        "from marts.annex_05_department_special_work where score_month = '2023-07-01' "
        "group by all order by all"
    ) == [(SECOND, 1, 41, 41), (HOME, 1, 41, 41)]
    assert cities.rows('select distinct 城市 from 附件."附件3" order by all') == [
        ("广安市",),
        ("达州市",),
    ]


def test_the_first_city_is_as_it_was(cities: Sandbox, june: Sandbox) -> None:
    for table in ("marts.fct_indicator_scores", "marts.fct_composite_scores", "audit.annex_cells"):
        sql = f"select * from {table} where score_month = '2023-06-01' order by all"
        assert cities.rows(sql) == june.rows(sql)
    assert cities.rows(
        "select score from marts.fct_dimension_scores where unit_name = '大竹县' "
        "and dimension_code = 'licenses' and score_month = '2023-07-01'"
    ) == [(Decimal("15.65"),)]
    assert cities.rows("select count(*) from audit.revisions") == [(0,)]


def test_a_month_of_two_cities_has_a_folder_for_each(cities: Sandbox) -> None:
    exports = cities.root / "exports"
    folders = {path.parent.relative_to(exports).as_posix() for path in exports.rglob(MANIFEST.path)}
    assert folders == {"2023-06", f"{HOME}/2023-07", f"{SECOND}/2023-07"}
    months = {}
    for city in (HOME, SECOND):
        page = exports / city / "2023-07" / "site" / "unit" / f"{city}-A01.html"
        links = lxml.html.parse(page).xpath("//nav[@class='months']//ul//@href")
        targets = [(page.parent / link).resolve() for link in links]
        assert all(target.is_file() for target in targets)
        months[city] = [target.parents[1].name for target in targets]
    assert months == {HOME: ["2023-06", "2023-07"], SECOND: ["2023-07"]}


def texts(folder: Path) -> Iterator[str]:
    """All that a month's exports say, but for the evidence of rules, which all cities share."""
    document = Document(str(folder / "通报.docx"))
    yield from (paragraph.text for paragraph in document.paragraphs)
    yield from (cell.text for table in document.tables for row in table.rows for cell in row.cells)
    for sheet in openpyxl.load_workbook(folder / "附件1-11.xlsx"):
        yield from (str(cell) for row in sheet.values for cell in row)
    for path in (*folder.rglob("*.html"), *folder.rglob("*.csv"), *folder.rglob("*.json")):
        if path.stem not in ("rules", "dim_rules"):
            yield path.read_text(encoding="utf-8")


def test_exports_are_apart(cities: Sandbox) -> None:
    for city, other, own, foreign in (
        (HOME, SECOND, NAMES.keys(), NAMES.values()),
        (SECOND, HOME, NAMES.values(), NAMES.keys()),
    ):
        text = "\n".join(texts(cities.root / "exports" / city / "2023-07"))
        assert [name for name in own if name not in text] == []
        assert [name for name in foreign if name in text] == []
        assert city in text and f"{other}-" not in text


def test_exports_that_are_no_longer_due_go(
    cities: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")  # where LibreOffice is, the missing PDFs would be made
    copied = copy_of(cities, tmp_path / "copy")
    exports = copied.root / "exports"
    shutil.copytree(exports / "2023-06", exports / HOME / "2023-06")
    shutil.copytree(exports / "2023-06", exports / "511500" / "2023-06")
    (exports / SECOND / ".2023-07.new").mkdir()
    assert export_months(Project(copied.root)) == []
    left = sorted(path.relative_to(exports).as_posix() for path in exports.rglob("20??-??"))
    assert left == ["2023-06", f"{SECOND}/2023-07", f"{HOME}/2023-07"]
    assert not (exports / "511500").exists()
    assert not (exports / SECOND / ".2023-07.new").exists()


def test_one_city_is_exported_alone(cities: Sandbox, tmp_path: Path) -> None:
    """What is not whole of the others is neither read nor written."""
    copied = copy_of(cities, tmp_path / "copy")
    exports = copied.root / "exports"
    before = {path: path.read_bytes() for path in (exports / SECOND).rglob("*") if path.is_file()}
    for gone in (HOME, SECOND, "data_docs"):
        shutil.rmtree(exports / gone)
    (copied.root / "published" / HOME / "2023-07.json").write_text("{")
    done = copied.run("export", "--city", "广安市", "--month", "2023-07")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"导出：exports/{SECOND}/2023-07")
    assert {path: path.read_bytes() for path in exports.rglob("*") if path in before} == before
    folders = sorted(path.name for path in exports.iterdir() if path.is_dir())
    assert folders == ["2023-06", SECOND]
    again = copied.run("export", "--city", SECOND)
    assert (again.returncode, again.stdout) == (0, "各月的导出都是最新的\n")


def test_a_city_that_is_not_there_is_told(cities: Sandbox) -> None:
    for arguments, told in (
        (("--city", "达州"), "没有城市“达州”，最接近的是：达州市（511700）"),
        (("--city", "511601"), "没有城市“511601”，最接近的是：广安市（511600）、达州市（511700）"),
        (("--city", "内江"), "没有城市“内江”，有：广安市（511600）、达州市（511700）"),
        (
            ("--city", "广安市", "--month", "2023-06"),
            "广安市 在 2023-06 没有单位，有的月份：2023-07",
        ),
    ):
        done = cities.run("export", *arguments)
        assert (done.returncode, done.stderr.strip()) == (2, told)


def test_a_note_is_of_its_citys_fault(cities: Sandbox, tmp_path: Path) -> None:
    """Though the other city's unit of the same name has the same fault."""
    sandbox = copy_of(cities, tmp_path)
    fault = "unit_name = '市教育局' and indicator_code = 'overdue_case_count'"
    ledger = f"from marts.fct_rectifications where {fault}"
    assert sandbox.rows(f"select city_code {ledger} order by all") == [(SECOND,), (HOME,)]
    note = "市教育局,overdue_case_count,正在整改,2023-08-20"
    sandbox.append("reviews/rectification_notes", f"2023-07-01,{SECOND},{note}")
    sandbox.refresh()
    assert sandbox.rows(f"select city_code, notes {ledger} and notes is not null") == [
        (SECOND, "2023-08-20：正在整改")
    ]
    wrong = [f"2023-07-01,{city},{note}" for city in ("", "511699")]
    sandbox.append("reviews/rectification_notes", *wrong)
    done = sandbox.run("refresh")
    assert done.returncode == 1
    assert "只有一个市的月份可以不写（2 行不符）" in done.stderr
    assert done.stderr.count("511699") == 1


def test_explain_asks_for_the_city(cities: Sandbox) -> None:
    done = cities.run("explain", "市财政局")
    assert done.returncode == 2
    assert "广安市、达州市" in done.stderr
    done = cities.run("explain", "市财政局", "--city", "广安市")
    assert done.returncode == 0
    assert "511600-B10" in done.stdout
    assert cities.run("explain", "武胜县").returncode == 0


def test_whatif_changes_the_city_that_is_named(cities: Sandbox) -> None:
    done = cities.run(
        "whatif", "--set", "市财政局.超时件数=3", "--set", "weights.B.special_work=33"
    )
    assert done.returncode == 2
    assert "市财政局.超时件数=3：几个城市都有“市财政局”：广安市、达州市；加 --city" in done.stderr
    assert "有几个城市，写明其中一个：广安市（511600）、达州市（511700）" in done.stderr
    done = cities.run(
        "whatif",
        *("--json", "--month", "2023-07", "--set", "weights.广安市.B.事项梳理=19"),
        *("--set", "weights.511600.B.special_work=35"),
        *("--set", "511600-B10.超时件数=3", "--set", "511700-B10.超时件数=3"),
    )
    assert done.returncode == 0, done.stderr
    effects = [
        (unit["city_code"], unit["group_code"], each["cause"])
        for unit in json.loads(done.stdout)["units"]
        for each in unit["effects"]
    ]
    assert {each for each in effects if each[2] == "weight"} == {(SECOND, "B", "weight")}
    assert (HOME, "B", "indicator") in effects
    one_city = ("--city", "广安市", "--set", "市财政局.超时件数=3", "--set", "武胜县.超时件数=3")
    assert cities.run("whatif", *one_city).returncode == 0


def test_robustness_ranks_each_city_apart(cities: Sandbox) -> None:
    done = cities.run("robustness", "--month", "2023-07", "--draws", "20", "--json")
    assert done.returncode == 0, done.stderr
    units = json.loads(done.stdout)["units"]
    assert {unit["group_label"] for unit in units if unit["group_code"] == "B"} == {
        "广安市 B组", "达州市 B组",
    }  # fmt: skip
    sizes = Counter((unit["city_code"], unit["group_code"]) for unit in units)
    for unit in units:
        size = sizes[unit["city_code"], unit["group_code"]]
        assert 1 <= unit["best_rank"] <= unit["score_rank"] <= unit["worst_rank"] <= size


@pytest.mark.soak
def test_plain_dbt_names_rows_without_a_city(cities: Sandbox, tmp_path: Path) -> None:
    sandbox = copy_of(cities, tmp_path)
    path = sandbox.raw("efficiency", "2023_07")
    lines = read_csv(path)
    write_csv(path, [list(lines[0])[1:], *(list(line.values())[1:] for line in lines)])
    edit(sandbox.raw("licenses", "2023_07"), f"{SECOND},武胜县,", "511699,武胜县,")
    subsites = sandbox.raw("subsites", "2023_07")
    kept = [line for line in read_csv(subsites) if line["unit_name"] != "市残联"]
    write_csv(subsites, [list(kept[0]), *(list(line.values()) for line in kept)])
    only = ("--select", "path:seeds", f"+{INPUT_TEST}", "--indirect-selection=buildable")
    done = sandbox.run("--quiet", "build", *only, program="dbt")
    assert done.returncode == 1
    (told,) = (line for line in done.stdout.splitlines() if path.name in line)
    assert "城市代码" in told
    assert "511600、511700" in told
    (unknown,) = (line for line in done.stdout.splitlines() if "511699" in line)
    assert "raw_licenses__2023_07.csv" in unknown
    absent = [line for line in done.stdout.splitlines() if "unit_name=市残联" in line]
    assert sorted(re.findall(r"city_code=(\d+)", "".join(absent))) == [SECOND, HOME]
    assert "one_row_per_cell_and_kind" not in done.stdout
