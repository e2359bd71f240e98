"""Why scores changed: told by unit and cause, over one month or several, to the last digit."""

import json
from decimal import Decimal
from typing import Any

from conftest import Sandbox


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
