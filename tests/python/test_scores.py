"""Other months than June score by the rules, exactly, and need neither June nor its errata."""

import random
import shutil
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal

import pytest

import oracle
from conftest import Sandbox, copy_project, edit
from ywtb.release.queries import connect_read_only, summaries

MONTHS = ("2023_07", "2023_08", "2024_01")


def random_cell(indicator: str, group: str, chance: random.Random) -> str:
    if chance.random() < 0.15:
        return chance.choice(["—", "-"])
    if indicator.endswith("_rate"):
        edge = chance.choice(["0.00", "50.00", "49.99", "50.01", "99.58", "100.00", "33.333333"])
        return f"{chance.choice([edge, f'{chance.uniform(0, 100):.2f}'])}%"
    if indicator.endswith("_count"):
        edges = [0, 1, 2, 3, 4, 5, 6, 20, 79, 80, 81, 100, 119, 120, 121, 500, 1200]
        return str(chance.choice(edges))
    return f"{chance.uniform(0, 12):.{chance.choice([0, 1, 2, 3])}f}"


@pytest.fixture(scope="module")
def written() -> dict[tuple[str, str], dict[str, str]]:
    return {}


@pytest.fixture(scope="module")
def months(
    tmp_path_factory: pytest.TempPathFactory, written: dict[tuple[str, str], dict[str, str]]
) -> Sandbox:
    """Three months of random values, thresholds and caps included, without June.

    Some names are aliases or have stray spaces.
    """
    sandbox = copy_project(tmp_path_factory.mktemp("months"))
    chance = random.Random(20230601)
    for month in MONTHS:
        cells = {}
        for unit in sandbox.reference("units"):
            name, group = unit["unit_name"], unit["group_code"]
            for indicator in oracle.INDICATORS:
                if oracle.maximum(indicator, group) is not None:
                    cells[name, indicator] = random_cell(indicator, group, chance)
                    written.setdefault((month, name), {})[indicator] = cells[name, indicator]
        sandbox.add_month(month, cells)
    edit(sandbox.raw("licenses", MONTHS[0]), "市档案局,", "市 档案局,")
    edit(sandbox.raw("efficiency", MONTHS[0]), "市科技局,", "市科学技术局,")
    shutil.rmtree(sandbox.root / "seeds" / "raw" / "2023_06")
    sandbox.list_months(*MONTHS)
    sandbox.build()
    return sandbox


def test_every_point_follows_the_rules(
    months: Sandbox, written: dict[tuple[str, str], dict[str, str]]
) -> None:
    found = months.rows(
        "select strftime(score_month, '%Y_%m'), unit_name, group_code, indicator_code, points "
        "from marts.fct_indicator_scores"
    )
    differing = [
        (month, unit, indicator, written[month, unit][indicator], points)
        for month, unit, group, indicator, points in found
        if points
        != oracle.points(indicator, group, written[month, unit][indicator].replace("-", "—"))
    ]
    assert differing == []
    assert len(found) == sum(len(cells) for cells in written.values())


def test_dimensions_totals_order_and_ranks_follow_the_rules(
    months: Sandbox, written: dict[tuple[str, str], dict[str, str]]
) -> None:
    units = {unit["unit_name"]: unit for unit in months.reference("units")}
    expected = {
        (month, unit): oracle.dimension_scores(
            units[unit]["group_code"],
            {indicator: text.replace("-", "—") for indicator, text in cells.items()},
        )
        for (month, unit), cells in written.items()
    }
    scores = months.rows(
        "select strftime(score_month, '%Y_%m'), unit_name, dimension_code, score "
        "from marts.fct_dimension_scores"
    )
    assert {(month, unit, dimension): score for month, unit, dimension, score in scores} == {
        (month, unit, dimension): score
        for (month, unit), dimensions in expected.items()
        for dimension, score in dimensions.items()
    }
    groups = defaultdict(list)
    for (month, unit), dimensions in expected.items():
        total = sum(dimensions.values(), Decimal(0))
        order = (-total, int(units[unit]["official_order"]))
        groups[month, units[unit]["group_code"]].append((order, unit, total))
    placed = {}
    for (month, _), members in groups.items():
        totals = sorted((total for _, _, total in members), reverse=True)
        for number, (_, unit, total) in enumerate(sorted(members), start=1):
            rounded = total.quantize(Decimal("0.01"), ROUND_HALF_UP)
            placed[month, unit] = (total, rounded, number, totals.index(total) + 1)
    found = months.rows(
        "select strftime(score_month, '%Y_%m'), unit_name, exact_score, composite_score, "
        "sequence_no, score_rank from marts.fct_composite_scores"
    )
    assert {(month, unit): tuple(rest) for month, unit, *rest in found} == placed


def test_annexes_print_the_scores(months: Sandbox) -> None:
    """Annexes 1-3 print the total rounded half up, annex 2 the subsites score to 3 places."""
    assert months.rows(
        "select count(*) from marts.annex_02_group_b_summary as annex "
        "inner join marts.fct_dimension_scores as scores using (score_month, unit_name) "
        "where dimension_code = 'subsites' and subsites_score = cast(round(score, 3) as "
        "decimal(9, 3))"
    ) == [(26 * 3,)]
    assert (
        months.rows(
            "select * from marts.fct_composite_scores as scores left join ("
            "select score_month, unit_name, sequence_no, composite_score "
            "from marts.annex_01_group_a_summary "
            "union all select score_month, unit_name, sequence_no, composite_score "
            "from marts.annex_02_group_b_summary "
            "union all select score_month, unit_name, sequence_no, composite_score "
            "from marts.annex_03_county_summary) as annexes "
            "using (score_month, unit_name, sequence_no, composite_score) "
            "where annexes.unit_name is null"
        )
        == []
    )


def test_a_month_without_printed_scores_is_summed_up(months: Sandbox) -> None:
    with connect_read_only(months.root / months.database) as connection:
        (month,) = summaries(connection, "2024-01")
    assert month["month"] == "2024-01"
    assert month["printed_cells"] == 0
    assert [group["unit_count"] for group in month["groups"]] == [15, 26, 8]


def test_no_score_is_a_float(june: Sandbox) -> None:
    assert (
        june.rows(
            "select table_schema, table_name, column_name from information_schema.columns "
            "where data_type in ('DOUBLE', 'FLOAT')"
        )
        == []
    )
