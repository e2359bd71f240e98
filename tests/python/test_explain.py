"""A unit's month told to the figure: what a rule computes, what parts neighbours."""

import ast
import csv
import json
import re
from decimal import Decimal
from typing import Any

import pytest

from conftest import Sandbox
from ywtb.assessment.arithmetic import arithmetic
from ywtb.project import Project
from ywtb.release import queries


def computed(text: str) -> Decimal:
    """What an equation's left side comes to, kept in the limit that it names."""
    left = re.split(" = |，", text)[0].replace("−", "-").replace("×", "*")
    exact = re.sub(r"[0-9.]+", lambda number: f"Decimal('{number[0]}')", left)
    assert not {type(node).__name__ for node in ast.walk(ast.parse(exact))} - {
        "Module", "Expr", "BinOp", "UnaryOp", "Call", "Name", "Load", "Constant", "Add", "Sub",
        "Mult", "USub",
    }  # fmt: skip
    result = Decimal(eval(exact, {"Decimal": Decimal}))
    if " = " in text:
        right = re.split("，", text.split(" = ")[1])[0].replace("−", "-")
        assert result == Decimal(right)
    limit = re.search("以 (−?[0-9.]+) 为限", text)
    return Decimal(limit[1].replace("−", "-")) if limit else result


def test_arithmetic_comes_to_the_points(three_months: Sandbox) -> None:
    """Of every observation of every unit, of whatever kind its rule is."""
    found = three_months.rows(
        "select obs_value, max_points, points, rule_kind, "
        "list(rules order by segment_no) from marts.fct_indicator_scores "
        "inner join intermediate.int_rules_monthly as rules using (score_month, rule_id) "
        "where obs_status = 'A' group by all"
    )
    assert len({kind for _, _, _, kind, _ in found}) >= 6
    for value, max_points, points, _, segments in found:
        assert computed(arithmetic(segments, value, max_points, points)) == points


@pytest.mark.parametrize(
    ("segments", "value", "max_points", "points", "told"),
    [
        ([("1", "-0.3", "0", "50", "0", "0.006")], "42.86", "1", "0.95716",
         "1 − 0.006 × (50 − 42.86) = 0.95716"),
        ([("1", "-0.3", "0", "50", "0", "0.006")], "62", "1", "1", "1 − 0.006 × (50 − 50) = 1"),
        ([("0", "0", "0", "100", "0.01", "0")], "98", "2", "1.96", "2 − 0.02 × (100 − 98) = 1.96"),
        ([("1", "0", "0", None, "0", "-0.05")], "6", "2", "1.7", "2 − 0.05 × 6 = 1.7"),
        ([("1", "0", "0", None, "0", "-0.05")], "60", "2", "0", "2 − 0.05 × 60 = −1，以 0 为限"),
        ([("0", "0", "0", None, "0", "-0.05")], "1", "0", "-0.05", "−0.05 × 1 = −0.05"),
        ([("0", "0", "0", None, "0", "1")], "5.97", "6", "5.97", "5.97"),
        ([("0", "0", "0", "2", "0", "0.03"), ("0", "0", "2", None, "0", "0.01")], "4", "1", "0.08",
         "0.03 × 2 + 0.01 × (4 − 2) = 0.08"),
        ([("0", "0", "0", None, "0", "0.02")], "0", "1", "0", "0"),
    ],
)  # fmt: skip
def test_arithmetic_is_in_the_terms_of_the_rule(
    segments: list[tuple[str | None, ...]], value: str, max_points: str, points: str, told: str
) -> None:
    names = ("base_share", "base_points", "lower_value", "upper_value", "slope_share",
             "slope_points")  # fmt: skip
    rows = [
        {
            name: None if text is None else Decimal(text)
            for name, text in zip(names, each, strict=True)
        }
        for each in segments
    ]
    assert arithmetic(rows, Decimal(value), Decimal(max_points), Decimal(points)) == told


def test_what_parts_neighbours_is_their_distance(june: Sandbox) -> None:
    units = june.rows("select unit_id, sequence_no, group_code from marts.fct_composite_scores")
    sizes: dict[str, int] = {}
    for _, _, group in units:
        sizes[group] = sizes.get(group, 0) + 1
    with queries.open_release(Project(june.root)) as release:
        for unit_id, sequence_no, group in units:
            found = queries.explanation(release, unit_id, "2023-06", None)
            places = [each["sequence_no"] for each in found["neighbours"]]
            beside = (sequence_no - 1, sequence_no + 1)
            assert places == [place for place in beside if 1 <= place <= sizes[group]]
            for each in found["neighbours"]:
                assert sum(part["points"] for part in each["differences"]) == each["distance"]


def test_a_month_is_told_to_the_figure(june: Sandbox) -> None:
    lines = june.run("explain", "达川区").stdout.splitlines()
    assert "      得分 2 − 0.004 × (50 − 46.75) = 1.987（满分 2）" in lines
    (shown,) = (line for line in lines if line.startswith("只列示、不计分："))
    answer: Any = json.loads(june.run("explain", "达川区", "--json").stdout)
    assert shown == "只列示、不计分：" + "，".join(
        f"{each['indicator_name']} {each['printed_value']}" for each in answer["shown_only"]
    )
    (first, second) = answer["neighbours"]
    assert (first["sequence_no"], second["sequence_no"]) == (1, 3)
    assert any(line.startswith(f"前一个是{first['unit_name']}：") for line in lines)


def test_lost_points_are_rows_for_a_spreadsheet(june: Sandbox) -> None:
    done = june.run("explain", "达川区", "--csv")
    rows = list(csv.DictReader(done.stdout.removeprefix("\ufeff").splitlines()))
    assert sum(Decimal(row["points_lost"]) for row in rows) == Decimal("9.113")
    assert {row["unit_name"] for row in rows} == {"达川区"}
    assert "2 − 0.004 × (50 − 46.75) = 1.987" in {row["arithmetic"] for row in rows}
    done = june.run("explain", "达川区", "--csv", "--json")
    assert (done.returncode, done.stderr[:4]) == (2, "用法有误")
