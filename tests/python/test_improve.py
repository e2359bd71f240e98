"""What gains a unit most: values tried in the release's own models, one indicator at a time."""

import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from conftest import Sandbox
from test_whatif import allowed, by_name, state
from ywtb.release.improve import improvements


def database(sandbox: Sandbox) -> Path:
    """The published release."""
    return (sandbox.root / sandbox.database).resolve()


def improved(sandbox: Sandbox, unit: str) -> dict[str, Any]:
    """What a unit would gain in June."""
    return improvements(database(sandbox), unit, "2023-06")


def written(indicator: dict[str, Any], value: Decimal) -> str:
    """A value as a monthly file has it."""
    return f"{value}%" if indicator["value_type"] == "percent" else str(value)


def step_back(indicator: dict[str, Any], value: Decimal) -> Decimal:
    """The value that print tells apart, and that is a little less good."""
    step = Decimal(1).scaleb(-indicator["decimals"])
    return value + (step if indicator["less_is_better"] else -step)


def after(sandbox: Sandbox, unit: str, indicator: dict[str, Any], value: Decimal) -> dict[str, Any]:
    """The unit as a scenario with this value has it."""
    setting = f"{unit}.{indicator['indicator_code']}={written(indicator, value)}"
    return by_name(allowed(sandbox, setting))[unit]


@pytest.mark.parametrize(
    ("unit", "code", "best", "next_place"),
    [
        ("大竹县", "unsealed_new_count", "0", "4"),
        ("市财政局", "connected_app_count", "915", "58"),
        ("市财政局", "behavior_coverage_rate", "50.00", None),
    ],
)
def test_a_scenario_with_the_values_found_gives_the_scores_told(
    june: Sandbox, unit: str, code: str, best: str, next_place: str | None
) -> None:
    found = improved(june, unit)
    (indicator,) = (each for each in found["indicators"] if each["indicator_code"] == code)
    assert str(indicator["best"]["obs_value"]) == best
    told = {"best": indicator["best"], "next_place": indicator["next_place"]}
    assert (told["next_place"] and str(told["next_place"]["obs_value"])) == next_place
    for scores in filter(None, told.values()):
        scenario = after(june, unit, indicator, scores["obs_value"])
        for name in ("exact_score", "composite_score", "score_rank"):
            assert scores[name] == scenario[f"new_{name}"]
        assert scores["score_change"] == scenario["score_change"]
        assert scores["places_gained"] == scenario["places_gained"]
    if next_place:
        less = after(june, unit, indicator, step_back(indicator, Decimal(next_place)))
        assert less["places_gained"] == 0
    else:
        less = after(june, unit, indicator, step_back(indicator, Decimal(best)))
        assert less["score_change"] < indicator["best"]["score_change"]


@pytest.mark.parametrize("unit", ["市文体旅游局", "达川区"])
def test_full_marks_gain_what_the_marts_say_was_lost(june: Sandbox, unit: str) -> None:
    """The first has an adjustment of -0.02, which no indicator gives back."""
    found = improved(june, unit)
    lost = dict(
        june.rows(
            "select indicator_code, points_lost from marts.fct_indicator_scores "
            f"where unit_name = '{unit}' and points_lost > 0"
        )
    )
    ((adjusted,),) = june.rows(
        f"select sum(adjustment_points) from marts.fct_dimension_scores where unit_name = '{unit}'"
    )
    gained = {each["indicator_code"]: each["best"]["score_change"] for each in found["indicators"]}
    assert gained == lost
    assert list(gained.values()) == sorted(lost.values(), reverse=True)
    assert found["all_best"]["exact_score"] == 100 + adjusted
    assert found["all_best"]["score_change"] == sum(lost.values())


def test_who_is_first_has_no_place_to_gain(june: Sandbox) -> None:
    found = improved(june, "市城管执法局")
    assert found["above"] == []
    assert found["indicators"]
    for each in found["indicators"]:
        assert each["next_place"] is None
        assert each["best"]["places_gained"] == 0


def test_the_next_place_is_that_of_all_who_share_it(june: Sandbox) -> None:
    found = improved(june, "市公安局")
    assert found["score_rank"] == 18
    assert [each["score_rank"] for each in found["above"]] == [16, 16]


def test_grades_that_are_in_force_are_told(june: Sandbox, tmp_path: Path) -> None:
    assert june.rows("from intermediate.int_grades_monthly") == []
    assert len(june.rows("from reference.grades")) == 4
    copied = tmp_path / "ywtb.duckdb"
    shutil.copyfile(database(june), copied)
    copied.chmod(0o600)
    with duckdb.connect(str(copied)) as connection:
        connection.execute(
            "insert into intermediate.int_grades_monthly "
            "(grade_code, grade_name, min_score, score_month) values "
            "('excellent', '优秀', 92, '2023-06-01'), "
            "('good', '良好', 90.24, '2023-06-01'), ('fair', '中等', 89.42, '2023-06-01')"
        )
    found = improvements(copied, "大竹县", "2023-06")
    assert (found["grade"]["grade_name"], found["next_grade"]["grade_name"]) == ("良好", "优秀")
    reached = {
        each["indicator_code"]: each["next_grade"] and str(each["next_grade"]["obs_value"])
        for each in found["indicators"]
    }
    assert reached.pop("publicity_points") == "3.76"
    assert reached.pop("connected_app_count") == "89"
    assert set(reached.values()) == {None}
    printed = improvements(copied, "市财政局", "2023-06")
    assert printed["exact_score"] < printed["composite_score"] == Decimal("89.42")
    assert (printed["grade"]["grade_name"], printed["next_grade"]["grade_name"]) == ("中等", "良好")


@pytest.mark.soak
def test_one_step_less_than_the_smallest_change_gains_no_place(june: Sandbox) -> None:
    units = june.rows("select unit_name from marts.fct_composite_scores order by unit_id")
    for (unit,) in units[::8]:
        for indicator in improved(june, unit)["indicators"]:
            if place := indicator["next_place"]:
                value = place["obs_value"]
                less = after(june, unit, indicator, step_back(indicator, value))
                assert less["places_gained"] == 0
                assert after(june, unit, indicator, value)["places_gained"] > 0


def test_the_answer_is_exact_and_touches_nothing(june: Sandbox) -> None:
    before = state(june)
    done = june.run("improve", "财政局", "--month", "2023-06", "--json")
    assert done.returncode == 0, done.stderr
    assert state(june) == before
    answered = json.loads(done.stdout, parse_float=pytest.fail)
    assert answered["unit_name"] == "市财政局"
    *_, least = answered["indicators"]
    assert (least["indicator_code"], least["obs_value"]) == ("behavior_coverage_rate", "42.860000")
    assert least["best"]["score_change"] == "0.0428400000"
    assert answered["grade"] is answered["next_grade"] is None


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("税务",), "没有单位“税务”，最接近的是"),
        (("大竹县", "--month", "2023-05"), "没有发布 2023-05，已发布：2023-06"),
        (("大竹县", "--city", "广安市"), "没有单位“大竹县”"),
    ],
)
def test_what_is_no_unit_or_month_is_told(
    june: Sandbox, arguments: tuple[str, ...], told: str
) -> None:
    done = june.run("improve", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
