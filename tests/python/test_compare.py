"""Why scores changed: told by unit and cause, over one month or several, to the last digit."""

import json
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from conftest import Sandbox
from ywtb.release.comparison import by_earlier_rules, compare
from ywtb.release.queries import connect_read_only, rows


def compared(sandbox: Sandbox, *arguments: str) -> Any:
    done = sandbox.run("compare", *arguments, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_effects_add_up_from_month_to_month(three_months: Sandbox) -> None:
    scores = {
        (f"{month:%Y-%m}", unit_id): score
        for month, unit_id, score in three_months.rows(
            "select score_month, unit_id, exact_score from marts.fct_composite_scores"
        )
    }
    for earlier, later in (("2023-06", "2023-07"), ("2023-07", "2023-08"), ("2023-06", "2023-08")):
        found = compared(three_months, earlier, later)
        assert (len(found["units"]), found["not_compared"]) == (49, [])
        for unit in found["units"]:
            change = scores[later, unit["unit_id"]] - scores[earlier, unit["unit_id"]]
            assert Decimal(unit["score_change"]) == change
            assert sum(Decimal(each["effect"]) for each in unit["effects"]) == change
            assert unit["is_comparable"]
            assert {each["cause"] for each in unit["effects"]} <= {"value", "adjustment"}


def test_a_unit_is_told_to_the_indicator(three_months: Sandbox) -> None:
    done = three_months.run("compare", "2023-07", "2023-08", "水务局")
    assert done.stdout.splitlines() == [
        "2023-08 比 2023-07：",
        "A组 市水务局 98.76 → 99.00（+0.24），第 15 → 1 名",
        "  +0.24 数值 “互联网+监管” 监管事项行为覆盖率（10 → 100）",
    ]
    lines = three_months.run("compare", "2023-07", "2023-08").stdout.splitlines()
    place = lines.index(done.stdout.splitlines()[1])
    assert lines[place + 1] == "  数值 +0.24"
    assert lines[-1] == "得分或名次有变化的单位 2 个，没有变化的 47 个"


def test_what_cannot_be_compared_is_told(three_months: Sandbox) -> None:
    for arguments, told in (
        (("2023-07", "2023-06"), "用法有误：2023-07 应早于 2023-06；见 ywtb compare --help"),
        (("2023-06", "2023-13"), "月份“2023-13”有误，应形如 2023-06"),
        (("2023-05", "2023-06"), "没有发布 2023-05，已发布：2023-06、2023-07、2023-08"),
        (("2023-06", "2023-07", "市水利局"), "没有单位“市水利局”"),
    ):
        done = three_months.run("compare", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(told)
        assert done.stderr.count("\n") == 1


@pytest.mark.soak
def test_effects_of_changing_rules_add_up(two_years: Sandbox) -> None:
    """The build itself tests that they do; here every cause has occurred, and is told."""
    causes = two_years.rows("select distinct cause from marts.fct_score_change_effects")
    assert {cause for (cause,) in causes} >= {
        "value", "rule", "weight", "group", "indicator_new", "indicator_dropped",
    }  # fmt: skip
    assert (
        two_years.rows(
            "select unit_id, score_month from marts.fct_monthly_changes "
            "left join marts.fct_score_change_effects using (unit_id, score_month) "
            "group by all having coalesce(sum(effect), 0) != any_value(score_change)"
        )
        == []
    )
    comparable = two_years.rows(
        "select is_comparable, count(*) from marts.fct_scores_by_previous_rules group by all"
    )
    assert len(comparable) == 2


@pytest.mark.soak
def test_earlier_rules_are_those_of_the_first_of_several_months(june_copy: Sandbox) -> None:
    """Of neighbouring months the mart says the same."""
    code = "online_offline_mismatch_count"
    (rule,) = (row for row in june_copy.reference("scoring_rules") if row["rule_id"] == code)
    for day, slope in (("2023-07-01", "-0.1"), ("2023-08-01", "-0.4")):
        text = rule["rule_text"].replace("0.05", slope.strip("-"))
        changed = {**rule, "slope_points": slope, "rule_text": text, "valid_from": day}
        june_copy.append("reference/scoring_rules", ",".join(changed.values()))
    june_copy.add_month("2023_07", {("渠县", code): "2"})
    june_copy.add_month("2023_08", {("渠县", code): "3", ("大竹县", code): "1"})
    june_copy.refresh()
    with connect_read_only((june_copy.root / june_copy.database).resolve()) as release:
        for months in pairwise(("2023-06", "2023-07", "2023-08")):
            found = by_earlier_rules(release, months)
            expected = rows(
                release,
                "select unit_id, score_by_previous_rules, rank_by_previous_rules "
                "from marts.fct_scores_by_previous_rules where score_month = cast(? as date)",
                [f"{months[1]}-01"],
            )
            assert {row.pop("unit_id"): row for row in expected} == found
        far = {unit["unit_name"]: unit for unit in compare(release, ("2023-06", "2023-08")).units}
    for name, count in (("渠县", 3), ("大竹县", 1)):
        more = count * (Decimal("0.4") - Decimal("0.05"))
        assert far[name]["score_by_previous_rules"] - far[name]["exact_score"] == more
    assert far["大竹县"]["rank_by_previous_rules"] == 7
    assert not far["大竹县"]["is_comparable"]
