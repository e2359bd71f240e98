"""How sure places are: ranges that hold what is published, and figures worked out by hand."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from conftest import Sandbox
from ywtb.cli import app
from ywtb.release.method import Method, WrongSpreadError, read_spread
from ywtb.release.replay import replay
from ywtb.release.robustness import (
    FEW_UNITS,
    GROUPS,
    NO_VARIANCE,
    SCORES,
    Robustness,
    answer,
    correlations,
    effective_weights,
)

NAMES = (
    "weights", "indicators", "geometric", "rounding", "effective_weights", "indistinct",
    "correlations", "coefficients", "certain",
)  # fmt: skip


def asked(sandbox: Sandbox, method: Method | None = None, *ranges: dict[str, Any]) -> Robustness:
    """The answer for June, with feasible ranges if any are given."""
    with replay((sandbox.root / sandbox.database).resolve(), "2023-06") as replayed:
        replayed.run()
        return answer(replayed, method or Method(draws=50), ranges)


def ranges_of(found: Robustness, step: str) -> dict[str, tuple[int, int]]:
    return {
        unit["unit_name"]: (unit["steps"][step]["best_rank"], unit["steps"][step]["worst_rank"])
        for unit in found.units
    }


@pytest.fixture(scope="module")
def found(june: Sandbox) -> Robustness:
    return asked(june)


@pytest.mark.soak
def test_the_same_seed_gives_the_same_bytes_and_another_one_others(
    june: Sandbox, found: Robustness
) -> None:
    command = ("robustness", "--month", "2023-06", "--draws", "50", "--seed", "7", "--json")
    one, again = june.run(*command), june.run(*command)
    assert one.returncode == 0, one.stderr
    assert one.stdout == again.stdout
    content = json.loads(one.stdout, parse_float=pytest.fail)
    assert [content[name] for name in ("month", "draws", "spread", "seed")] == [
        "2023-06", 50, "0.1", 7,
    ]  # fmt: skip
    assert "抽取 50 次（种子 7）" in content["steps"][0]["line"]
    drawn = [unit["steps"]["weights"] for unit in content["units"]]
    assert drawn != [unit["steps"]["weights"] for unit in found.units]


def test_every_step_says_what_it_did(found: Robustness) -> None:
    assert tuple(step.name for step in found.steps) == NAMES
    assert all(step.line for step in found.steps)
    assert "没有一条的可行区间由本月所印得分限定" in found.steps[NAMES.index("coefficients")].line
    assert "coefficients" not in found.units[0]["steps"], "nothing was ranked by it"


def test_every_published_place_lies_within_its_range(june: Sandbox, found: Robustness) -> None:
    published = dict(june.rows("select unit_id, score_rank from marts.fct_composite_scores"))
    assert len(found.units) == len(published) == 49
    for unit in found.units:
        assert unit["score_rank"] == published[unit["unit_id"]]
        steps = list(unit["steps"].values())
        for each in (*steps, unit):
            assert each["best_rank"] <= unit["score_rank"] <= each["worst_rank"]
        assert unit["best_rank"] == min(each["best_rank"] for each in steps)
        assert unit["worst_rank"] == max(each["worst_rank"] for each in steps)
        assert unit["is_certain"] == (unit["best_rank"] == unit["worst_rank"])


def test_draws_are_what_fractions_make_of_them(june: Sandbox, found: Robustness) -> None:
    """Weights moved, rescaled to 100 and multiplied by the share of points kept."""
    scores: dict[str, dict[str, dict[str, Fraction]]] = defaultdict(dict)
    for unit, group, dimension, score, weight in june.rows(
        "select unit_name, group_code, dimension_code, score, weight "
        "from marts.fct_dimension_scores"
    ):
        scores[group].setdefault(unit, {})[dimension] = Fraction(score) / Fraction(weight)
    weights = {
        (group, dimension): Fraction(weight)
        for group, dimension, weight in june.rows(
            "select group_code, dimension_code, weight "
            "from intermediate.int_dimension_weights_monthly"
        )
    }
    ranks = defaultdict(list)
    for draw in range(1, 51):
        for group, units in scores.items():
            moved = {
                dimension: weights[group, dimension] * factor(draw, dimension)
                for dimension in next(iter(units.values()))
            }
            scale = 100 / sum(moved.values())
            totals = {
                unit: sum(share * moved[dimension] * scale for dimension, share in shares.items())
                for unit, shares in units.items()
            }
            for unit, total in totals.items():
                ranks[unit].append(1 + sum(other > total for other in totals.values()))
    for unit in found.units:
        drawn, step = ranks[unit["unit_name"]], unit["steps"]["weights"]
        there = {*drawn, unit["score_rank"]}
        assert (step["best_rank"], step["worst_rank"]) == (min(there), max(there))
        assert step["same_rank_draws"] == Counter(drawn)[unit["score_rank"]]


def factor(draw: int, dimension: str) -> Fraction:
    """What a weight is multiplied by, with seed 1 and at most 10%."""
    digest = hashlib.md5(f"1 {draw} {dimension}".encode()).digest()
    millionths = int.from_bytes(digest[8:], "little") % 2_000_001 - 1_000_000
    return 1 + Fraction(millionths, 10_000_000)


def test_an_indicator_that_is_left_out_gives_its_loss_back(
    june: Sandbox, found: Robustness
) -> None:
    """No dimension is at its floor, so that a total grows by what was lost."""
    rows = june.rows(
        "select indicator_code, group_code, unit_name, exact_score + coalesce(points_lost, 0) "
        "from (select distinct indicator_code from marts.fct_indicator_scores) "
        "cross join marts.fct_composite_scores "
        "left join marts.fct_indicator_scores using (indicator_code, unit_name, group_code)"
    )
    totals: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(dict)
    for indicator, group, unit, total in rows:
        totals[indicator, group][unit] = total
    ranks = defaultdict(set)
    for of_group in totals.values():
        for unit, total in of_group.items():
            ranks[unit].add(1 + sum(other > total for other in of_group.values()))
    expected = {unit: (min(each), max(each)) for unit, each in ranks.items()}
    assert ranges_of(found, "indicators") == expected


def test_what_rounding_hides_is_told(found: Robustness) -> None:
    close, ties = (found.steps[NAMES.index("rounding")].findings[key] for key in ("close", "ties"))
    assert {
        "unit_above": "市市场监管局", "unit_below": "市民政局", "is_printed_equal": True,
        "difference": Decimal("0.003"), "group_label": "B组",
    }.items() <= close[1].items()  # fmt: skip
    assert len(ties[1]["unit_names"]) == 8
    ranges = ranges_of(found, "rounding")
    assert ranges["市市场监管局"] == (3, 4)
    assert ranges["市民政局"] == (3, 5)
    assert ranges["市委网信办"] == (8, 8)


def test_indicators_that_tell_nobody_apart_are_named(found: Robustness) -> None:
    groups = {
        row["group_code"]: row for row in found.steps[NAMES.index("indistinct")].findings["groups"]
    }
    assert "入驻综窗情况" in groups["A"]["at_full_marks"]
    assert "信息宣传得分" not in groups["A"]["at_full_marks"]
    assert groups["county"]["equal_below"] == ["承接落实情况得分"]


def made_up_month(**groups: Sequence[tuple[int, ...]]) -> duckdb.DuckDBPyConnection:
    """Groups of units by their scores in the dimensions a, b, …, in memory."""
    units = [
        (f"{group}{number}", group, scores)
        for group, members in groups.items()
        for number, scores in enumerate(members)
    ]
    connection = duckdb.connect(":memory:")
    connection.execute(
        """
        create schema reference;
        create schema marts;
        create table reference.groups as
            select * from (values ('x', 1), ('y', 2)) as g (group_code, group_order);
        create table reference.dimensions as select
            chr(97 + n::integer) as dimension_code, dimension_code as dimension_name,
            n as dimension_order from range(3) as r (n);
        create table marts.dim_units (
            unit_id varchar, city_code varchar, city_name varchar, group_code varchar,
            group_name varchar
        );
        create table marts.fct_composite_scores (
            unit_id varchar, city_code varchar, group_code varchar, exact_score decimal(18, 10)
        );
        create table marts.fct_dimension_scores (
            unit_id varchar, city_code varchar, group_code varchar, dimension_code varchar,
            dimension_name varchar, weight decimal(6, 2), score decimal(18, 10)
        );
        """
    )
    for unit, group, scores in units:
        connection.execute(
            "insert into marts.dim_units values (?, '1', '甲市', ?, ?)", [unit, group, group]
        )
        connection.execute(
            "insert into marts.fct_composite_scores values (?, '1', ?, ?)",
            [unit, group, sum(scores)],
        )
        for dimension, score in zip("abc", scores, strict=False):
            connection.execute(
                "insert into marts.fct_dimension_scores values (?, '1', ?, ?, ?, 50, ?)",
                [unit, group, dimension, dimension, score],
            )
    connection.execute(GROUPS)
    return connection


def test_effective_weights_are_those_worked_out_by_hand() -> None:
    """Totals 100, 88, 88 lie 8, −4, −4 from their mean: squares sum to 96.

    a: 60, 54, 48 lie 6, 0, −6 from theirs, so 48 + 24 = 72 of 96. b: 40, 34, 40 lie 2, −4, 2, so
    16 + 16 − 8 = 24. In y a and b cancel out.
    """
    found = effective_weights(made_up_month(x=[(60, 40), (54, 34), (48, 40)], y=[(2, 1), (1, 2)]))
    weights = [(row["group_code"], row["dimension_code"], row["effective_weight"]) for row in found]
    assert sorted(weights[:2]) == [("x", "a", Decimal("0.75")), ("x", "b", Decimal("0.25"))]
    assert sorted(weights[2:]) == [("y", "a", None), ("y", "b", None)]


def test_effective_weights_of_a_group_add_up(found: Robustness) -> None:
    shares: dict[str, list[Decimal]] = defaultdict(list)
    for row in found.steps[NAMES.index("effective_weights")].findings["weights"]:
        shares[row["group_code"]].append(row["effective_weight"])
    assert len(shares) == 3
    for of_group in shares.values():
        assert abs(sum(of_group, Decimal(-1))) < Decimal("0.001")


def test_correlations_have_ten_units_or_more_and_a_reason_where_there_is_none() -> None:
    """Of ten units, 1 to 10 against 10 to 1 is −1; what is constant has none, nor have eight."""
    ten = [(number, 11 - number, 5) for number in range(1, 11)]
    found = correlations(made_up_month(x=ten, y=ten[:8]))
    told = {
        (row["group_code"], row["dimension_code"], row["other_dimension_code"]): (
            row["unit_count"], row["correlation"], row["left_out"]
        )
        for row in found
    }  # fmt: skip
    pairs = (("a", "b"), ("a", "c"), ("b", "c"))
    assert told == {
        ("x", "a", "b"): (10, Decimal(-1), None),
        ("x", "a", "c"): (10, None, NO_VARIANCE),
        ("x", "b", "c"): (10, None, NO_VARIANCE),
        **{("y", *pair): (8, None, FEW_UNITS) for pair in pairs},
    }


def test_the_group_of_eight_has_no_correlation(found: Robustness) -> None:
    step = found.steps[NAMES.index("correlations")]
    counties = [row for row in step.findings["pairs"] if row["group_code"] == "county"]
    assert len(counties) == 21
    assert {(row["correlation"], row["left_out"]) for row in counties} == {(None, FEW_UNITS)}
    assert "不含县（市、区） 8 个单位" in step.line


def test_coefficients_go_to_both_ends_of_ranges_that_are_kept(june: Sandbox) -> None:
    """Twice the deduction puts 渠县 behind 万源市; a slope without its base is refused."""
    county = coefficient("behavior_coverage_rate__county", "slope_points", "0.0026", "0.0042")
    base = coefficient("behavior_coverage_rate__county", "base_points", "-0.13", "-0.21")
    mismatch = coefficient("online_offline_mismatch_count", "slope_points", "-0.1", "-0.05")
    found = asked(june, Method(draws=1), county, base, mismatch)
    ranges = ranges_of(found, "coefficients")
    moved = {name: each for name, each in ranges.items() if each[0] != each[1]}
    assert moved == {"渠县": (5, 6), "万源市": (5, 6)}
    step = found.steps[NAMES.index("coefficients")]
    assert "限定的 2 条，两端各重算一次，其中 0 端" in step.line
    alone = asked(june, Method(draws=1), county)
    assert set(ranges_of(alone, "coefficients").values()) == {
        (unit["score_rank"],) * 2 for unit in alone.units
    }
    ends = alone.steps[NAMES.index("coefficients")].findings["ends"]
    assert [bool(end["refused_by"]) for end in ends] == [True, True]


def test_what_was_varied_is_as_before(june: Sandbox) -> None:
    """Variants differ from the month only by what changes them."""
    scores = "from marts.fct_composite_scores order by unit_id"
    variant = (
        "select composite.* replace (date '2023-06-01' as score_month) "
        "from marts.fct_composite_scores as composite inner join variants using (score_month) "
        "where variant_no = {} order by unit_id"
    )
    lost = "update marts.fct_indicator_scores set points_lost = 1 where {}"
    of_one = "score_month = (select score_month from variants where variant_no = 2)"
    with replay((june.root / june.database).resolve(), "2023-06") as replayed:
        replayed.run()
        ask = replayed.connection.execute
        with replayed.variants({SCORES: lost.format(of_one)}, 3, "marts.fct_composite_scores"):
            found = [ask(variant.format(number)).fetchall() for number in (1, 2, 3)]
            assert found[0] == found[2] == june.rows(scores) != found[1]
        with pytest.raises(LookupError), replayed.variants({SCORES: lost.format("false")}, 1):
            pass
        assert ask(scores).fetchall() == june.rows(scores)


def coefficient(rule: str, column: str, lowest: str, highest: str) -> dict[str, Any]:
    return {
        "rule_id": rule, "segment_no": 1, "column_name": column, "lowest_value": Decimal(lowest),
        "highest_value": Decimal(highest),
    }  # fmt: skip


@pytest.mark.parametrize("text", ["10", "0.1", "0%", "100%", "-5%", "1.234%", "十%", ""])
def test_a_spread_that_is_none_is_told(text: str) -> None:
    with pytest.raises(WrongSpreadError):
        read_spread(text)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--spread", "0.1"], "应形如 10%"),
        (["--month", "2023-09"], "没有发布 2023-09"),
        (["--group", "D"], "没有组“D”，有：A组（A）"),
    ],
)
def test_wrong_options_are_told(
    june: Sandbox, monkeypatch: pytest.MonkeyPatch, options: list[str], told: str
) -> None:
    monkeypatch.chdir(june.root)
    done = CliRunner().invoke(app, ["robustness", "--draws", "1", *options])
    assert (done.exit_code, done.stdout) == (2, "")
    assert told in done.stderr


@pytest.mark.soak
def test_a_group_alone_is_listed(june: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(june.root)
    done = CliRunner().invoke(app, ["robustness", "--group", "县（市、区）", "--json"])
    content = json.loads(done.stdout)
    assert len(content["units"]) == 8
    groups = {
        row["group_code"]
        for step in content["steps"]
        for rows in step.values()
        if isinstance(rows, list)
        for row in rows
        if "group_code" in row
    }
    assert groups == {"county"}
