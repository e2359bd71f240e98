"""A second city beside the first: scored by the same rules, ranked, named and exported apart."""

import csv
import io
import random
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal

import pytest

import oracle
from conftest import Sandbox, copy_of, edit, read_csv, write_csv
from test_scores import random_cell

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
            rows += [[SECOND, *line.values()] for line in lines]
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
    sandbox.add_month("2023_07", {("大竹县", "unsealed_new_count"): "7"})
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


def test_exports_are_apart(cities: Sandbox) -> None:
    exports = cities.root / "exports"
    assert sorted(
        path.name for path in exports.iterdir() if path.is_dir() and path.name[0].isdigit()
    ) == [
        "2023-06",
        SECOND,
        HOME,
    ]
    for city, own, other in ((HOME, "大竹县", "武胜县"), (SECOND, "武胜县", "大竹县")):
        folder = exports / city / "2023-07"
        text = (folder / "site" / "index.html").read_text(encoding="utf-8")
        assert own in text
        for path in [*folder.rglob("*.html"), *folder.rglob("*.csv"), *folder.rglob("*.json")]:
            assert other not in path.read_text(encoding="utf-8"), path


def test_explain_asks_for_the_city(cities: Sandbox) -> None:
    done = cities.run("explain", "市财政局")
    assert done.returncode == 2
    assert "广安市、达州市" in done.stderr
    done = cities.run("explain", "市财政局", "--city", "广安市")
    assert done.returncode == 0
    assert "511600-B10" in done.stdout
    assert cities.run("explain", "武胜县").returncode == 0


def test_a_file_without_a_city_is_refused_where_there_are_two(
    cities: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = cities.raw("efficiency", "2023_07")
    text = path.read_bytes()
    lines = read_csv(path)
    write_csv(path, [list(lines[0])[1:], *(list(line.values())[1:] for line in lines)])
    try:
        done = cities.run("refresh")
    finally:
        path.write_bytes(text)
    assert done.returncode == 1
    told = [line for line in done.stderr.splitlines() if "raw_efficiency__2023_07.csv" in line]
    assert len(told) == 1, done.stderr
    assert "城市代码" in told[0]
    assert "511600、511700" in told[0]


def test_an_unknown_city_is_named(cities: Sandbox) -> None:
    path = cities.raw("efficiency", "2023_07")
    text = path.read_bytes()
    edit(path, f"{SECOND},武胜县,", "511699,武胜县,")
    try:
        done = cities.run("refresh")
    finally:
        path.write_bytes(text)
    assert done.returncode == 1
    assert "“511699”" in done.stderr
