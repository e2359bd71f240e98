"""What scores would be: by the release's own models, which give its scores again unchanged."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from conftest import ROOT, Sandbox
from ywtb.release.replay import CHANGES, Replay, replay
from ywtb.release.scenario import Answer, NoScenarioError, answer, read_file, read_options

SCENARIOS = ROOT / "scenarios"


@contextmanager
def month_of(sandbox: Sandbox, month: str) -> Iterator[Replay]:
    """A month of the published release, to be computed again."""
    with replay((sandbox.root / sandbox.database).resolve(), month) as replayed:
        yield replayed


def asked(sandbox: Sandbox, *settings: str, month: str = "2023-06") -> Answer:
    """What a scenario comes to."""
    with month_of(sandbox, month) as replayed:
        return answer(replayed, read_options(settings))


def allowed(sandbox: Sandbox, *settings: str, month: str = "2023-06") -> Answer:
    """What a scenario comes to that nothing speaks against."""
    found = asked(sandbox, *settings, month=month)
    assert not found.is_refused, found
    return found


def by_name(found: Answer) -> dict[str, dict[str, Any]]:
    return {unit["unit_name"]: unit for unit in found.units}


@pytest.mark.parametrize("month", ["2023-06", "2023-07", "2023-08"])
def test_a_month_is_computed_again_to_the_last_digit(three_months: Sandbox, month: str) -> None:
    tables = [
        table
        for name, table in three_months.rows(
            "select model_name, table_name from audit.release_models order by run_order"
        )
        if name not in CHANGES
    ]
    assert {"marts.fct_composite_scores", "audit.annex_cells"} <= set(tables)
    with month_of(three_months, month) as replayed:
        replayed.run()
        assert replayed.contradictions() == []
        for table in tables:
            published = f"select * from release.{table}"
            described = replayed.connection.execute(f"describe {table}").fetchall()
            if "score_month" in [name for name, *_ in described]:
                published += f" where score_month = '{month}-01'"
            for one, other in ((published, f"from {table}"), (f"from {table}", published)):
                sql = f"({one}) except all ({other})"
                assert replayed.connection.execute(sql).fetchall() == [], table
        assert replayed.connection.execute("from marts.fct_composite_scores").fetchall()


def test_a_release_that_keeps_months_has_the_sql_of_all_models(
    june: Sandbox, three_months: Sandbox
) -> None:
    for table in ("release_models", "release_checks"):
        found = june.rows(f"from audit.{table} order by all")
        assert found
        assert found == three_months.rows(f"from audit.{table} order by all")


def test_values_give_what_a_month_with_these_values_was_published_with(
    three_months: Sandbox,
) -> None:
    """August is July but for two cells."""
    found = allowed(
        three_months,
        "水务局.监管事项行为覆盖率=100.00%",
        "渠县.online_offline_mismatch_count=2",
        month="2023-07",
    )
    new = ("composite_score", "exact_score", "sequence_no", "score_rank")
    august = three_months.rows(
        f"select unit_id, {', '.join(new)} from marts.fct_composite_scores "
        "where score_month = '2023-08-01' order by all"
    )
    assert august == sorted(
        (unit["unit_id"], *(unit[f"new_{name}"] for name in new)) for unit in found.units
    )
    moved = {name: unit for name, unit in by_name(found).items() if unit["effects"]}
    assert moved.keys() == {"市水务局", "渠县"}
    assert [each["effect"] for each in moved["渠县"]["effects"]] == [Decimal("-0.1")]
    assert len(moved["渠县"]["passed_by"]) == 7
    assert all(unit["passed"] == ["渠县"] for unit in found.units if unit["unit_name"] == "通川区")


def test_effects_add_up_to_the_change_of_every_unit(june: Sandbox) -> None:
    found = allowed(
        june,
        "市财政局.behavior_coverage_rate=60%",
        "511700-C06.线上线下不一致=400",
        "rules.connected_app_count__department.2.slope_points=0.02",
        "rules.online_offline_mismatch_count.slope_points=-0.1",
        "weights.A组.专项工作=28",
        "weights.A.service_items=24",
        "max_points.A.入驻综窗情况=2",
        "max_points.A.availability_issue_count=4",
    )
    for unit in found.units:
        effects = sum((each["effect"] for each in unit["effects"]), Decimal(0))
        assert effects == unit["score_change"] == unit["new_exact_score"] - unit["exact_score"]
    causes = {each["cause"] for unit in found.units for each in unit["effects"]}
    assert causes == {"indicator", "weight", "dimension_floor"}


@pytest.mark.parametrize("slope", ["0.0026", "0.0042"])
def test_no_printed_figure_tells_which_coefficient_of_the_counties_is_right(
    june: Sandbox, slope: str
) -> None:
    found = allowed(june, *county_coverage(slope))
    assert found.printed_changes == []
    for unit in found.units:
        for name in ("composite_score", "sequence_no", "score_rank"):
            assert unit[f"new_{name}"] == unit[name]
    moved = {name for name, unit in by_name(found).items() if unit["score_change"]}
    assert moved == {"通川区", "达川区"}


@pytest.mark.parametrize("slope", ["0.0025", "0.0043"])
def test_beyond_these_coefficients_a_printed_figure_differs(june: Sandbox, slope: str) -> None:
    assert allowed(june, *county_coverage(slope)).printed_changes


def county_coverage(slope: str) -> tuple[str, str]:
    """A coefficient with the base that goes with it: full marks at 50%."""
    rule = "rules.behavior_coverage_rate__county"
    return f"{rule}.slope_points={slope}", f"{rule}.base_points={-50 * Decimal(slope)}"


def test_a_value_counts_wherever_the_published_one_comes_from(june: Sandbox) -> None:
    """A cell as received, under a misprinted name, corrected by an erratum, or imputed."""
    settings = {
        ("市财政局", "behavior_coverage_rate"): "12.34%",
        ("市文体旅游局", "availability_issue_count"): "7",
        ("通川区", "anomaly_resolution_rate"): "98.00%",
        ("市民政局", "unclaimed_item_count"): "3",
    }
    with month_of(june, "2023-06") as replayed:
        texts = [f"{unit}.{code}={text}" for (unit, code), text in settings.items()]
        assert not answer(replayed, read_options(texts)).is_refused
        found = replayed.connection.execute(
            "select unit_name, indicator_code, corrected_value from marts.fct_observations"
        ).fetchall()
    texts_found = {(unit, code): text for unit, code, text in found}
    published = june.rows(
        "select unit_name, indicator_code, corrected_value from marts.fct_observations"
    )
    expected = {(unit, code): text for unit, code, text in published} | settings
    assert texts_found == expected


REFUSED = {
    "市财政局.监管事项行为覆盖率=160%": "不大于 100",
    "市水务局.超时件数=-1": "不小于 0",
    "市水务局.主动评价中的差评情况=有": "整数，如 12",
    "市民政局.rectification_rate=": "填写该指标的值",
    "weights.A.special_work=28": "weight_sum=98.00，expected=100",
    "rules.behavior_coverage_rate__county.slope_points=0.003": "规则曲线与其种类相符",
    "rules.connected_app_count__department.2.upper_value=6": "规则曲线的各段首尾相接",
    "max_points.B.issuance_rate=6": "指标满分合计不超过权重",
}
"""Settings that the models' own tests refuse, with what is told."""


def test_what_the_models_refuse_is_refused_all_at_once(june: Sandbox) -> None:
    options = [part for setting in REFUSED for part in ("--set", setting)]
    done = june.run("whatif", *options, "--json")
    assert (done.returncode, done.stderr) == (1, "")
    answered = json.loads(done.stdout)
    lines = "\n".join(answered["lines"])
    assert [told for told in REFUSED.values() if told not in lines] == []
    assert answered["units"] == []
    tests = {each["name"]: each["rows"] for each in answered["failures"]}
    assert tests.keys() == {
        "int_dimension_weights_monthly__sum_to_100",
        "int_group_indicators_monthly__match_the_weights",
        "int_rules_monthly__curve_has_the_shape_of_its_kind",
        "int_rules_monthly__segments_join_without_gap",
    }
    assert {each["unit"] for each in answered["problems"]} == {"市财政局", "市水务局", "市民政局"}


WRONG = {
    "税务.超时件数=3": "没有单位“税务”",
    "市财政局.超时=3": "最接近的是：超时件数",
    "市残联.full_process_rate=3%": "B组不考核",
    "rules.issuance.slope_share=0.02": "最接近的是：issuance_rate",
    "rules.issuance_rate.slope=0.02": "最接近的是：slope_share",
    "rules.connected_app_count__department.slope_points=0.02": "写明段号",
    "rules.connected_app_count__department.4.slope_points=0.02": "没有第 4 段，有：1、2、3",
    "rules.seal_rate.slope_share=0.01234": "最多 4 位小数",
    "weights.D.special_work=28": "没有组“D”",
    "weights.A.special_work=三十": "应为数字",
    "weights.B.construction=1": "B组不考核“工程审批”",
    "weights.广安市.A.special_work=30": "没有城市“广安市”",
    "max_points.A.new_seal_rate=2": "只列示",
    "市财政局=3": "应写作 单位.指标",
    "weights=3": "应写作 weights.组.项目",
}
"""Settings that mean nothing, with what is told."""


def test_names_and_figures_that_mean_nothing_are_told_all_at_once(june: Sandbox) -> None:
    settings = [*WRONG, "市财政局.监管事项行为覆盖率=160%", "weights.A.efficiency=15"]
    done = june.run("whatif", *(part for each in settings for part in ("--set", each)))
    assert (done.returncode, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    for line, (setting, told) in zip(lines, WRONG.items(), strict=False):
        assert line.startswith(f"{setting}：")
        assert told in line
    assert "不大于 100" in lines[len(WRONG)]
    assert len(lines) == len(WRONG) + 2, "weights were judged of which some are named wrongly"


def test_figures_too_large_to_score_with_are_refused(june: Sandbox) -> None:
    found = asked(
        june,
        "rules.online_offline_mismatch_count.slope_points=-9999",
        "达川区.online_offline_mismatch_count=9999999",
    )
    assert [each.seen for each in found.problems] == ["数值过大，算不出得分"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("weight: {A: {special_work: 30}}", "“weight.A.special_work”无从理解"),
        ("values: [1, 2]", "“values”应为"),
        ("values: {市财政局", "不是 YAML"),
        ("rules: &rules {issuance_rate: *rules}", "应为"),
        ("", "文件应为"),
    ],
)
def test_a_file_that_is_no_scenario_is_told(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "方案.yml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(NoScenarioError, match=told):
        read_file(path)


def test_what_a_file_and_options_contradict_each_other_in_is_told(
    june: Sandbox, tmp_path: Path
) -> None:
    path = tmp_path / "方案.yml"
    setting = "市财政局.超时件数=3"
    path.write_text("month: 2023-07\nvalues: {市财政局: {超时件数: 3, 超时件数: 4}}", "utf-8")
    done = june.run("whatif", "--month", "2023-06", "--file", str(path))
    assert (done.returncode, done.stdout) == (2, "")
    assert "与方案文件所写的 2023-07 不符" in done.stderr
    both = read_file(path).joined(read_options([setting]))
    with month_of(june, "2023-06") as replayed:
        assert [line.split("：")[1] for line in answer(replayed, both).wrong] == [
            "同一处写了两次"
        ] * 2


def test_the_scenarios_that_are_kept_fit_their_schema_and_are_answered(june: Sandbox) -> None:
    schema = json.loads((SCENARIOS / "schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    paths = sorted(SCENARIOS.glob("*.yml"))
    assert paths
    for path in paths:
        # As the command reads it: every figure is a text.
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
        jsonschema.validate(content, schema)
        scenario = read_file(path)
        with month_of(june, scenario.month or "2023-06") as replayed:
            assert answer(replayed, scenario).printed_changes == []


def test_the_answer_is_exact_and_touches_nothing(june: Sandbox) -> None:
    before = state(june)
    done = june.run(
        "whatif", "--month", "2023-06", "--set", "市财政局.behavior_coverage_rate=60%", "--json"
    )
    assert done.returncode == 0, done.stderr
    assert state(june) == before
    answered = json.loads(done.stdout, parse_float=pytest.fail)
    assert len(answered["units"]) == 49
    (unit,) = (each for each in answered["units"] if each["unit_name"] == "市财政局")
    assert unit["composite_score"] == "89.42"
    assert unit["new_composite_score"] == "89.46"
    assert unit["score_rank"] == unit["new_score_rank"] == 24
    assert unit["score_change"] == "0.0428400000"


def state(sandbox: Sandbox) -> dict[str, tuple[int, int]]:
    """Size and time of every file."""
    return {
        str(path.relative_to(sandbox.root)): (path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in sandbox.root.rglob("*")
    }
