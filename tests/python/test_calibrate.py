"""What printed scores say of coefficients: ranges, what no value gives, and later months."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from conftest import Sandbox, copy_of
from ywtb.release.calibrate import RULES, Calibration, calibrate
from ywtb.release.replay import replay
from ywtb.release.scenario import answer, read_options

pytestmark = pytest.mark.soak

DEPARTMENTS, COUNTIES = "behavior_coverage_rate__department", "behavior_coverage_rate__county"


Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def calibrated(june: Sandbox) -> Rows:
    """What the command says of June 2023, figures as decimals."""
    done = june.run("calibrate", "--month", "2023-06", "--json")
    assert done.returncode == 0, done.stderr
    answered: Rows = json.loads(done.stdout, parse_float=pytest.fail)
    for row in answered:
        for name in ("value", "lowest", "highest"):
            row[name] = None if row[name] is None else Decimal(row[name])
    return answered


def by_rule(found: Rows) -> dict[tuple[str, int], dict[str, Any]]:
    return {(row["rule_id"], row["segment_no"]): row for row in found}


@pytest.mark.parametrize(
    ("rule_id", "lowest", "highest"),
    [(DEPARTMENTS, "0.0060", "0.0062"), (COUNTIES, "0.0026", "0.0042")],
)
def test_the_ranges_of_coverage_are_those_worked_out_by_hand(
    calibrated: Rows, rule_id: str, lowest: str, highest: str
) -> None:
    """As the evidence of the rules in `scoring_rules.csv` states them."""
    row = by_rule(calibrated)[rule_id, 1]
    assert (row["lowest"], row["highest"]) == (Decimal(lowest), Decimal(highest))
    assert (row["coefficient"], row["tied_coefficient"]) == ("slope_points", "base_points")
    assert row["is_bounded_below"]
    assert row["is_bounded_above"]
    assert row["verdict"] == "confirmed"


def test_every_rule_that_no_note_states_is_told_once(june: Sandbox, calibrated: Rows) -> None:
    in_force = june.rows(
        f"select rule_id, segment_no from {RULES} where basis != 'stated' and rule_id in "
        "(select rule_id from marts.fct_indicator_scores) order by all"
    )
    assert sorted(by_rule(calibrated)) == in_force
    assert len(calibrated) == len(in_force)


def test_june_confirms_what_is_inferred_and_says_nothing_of_what_is_assumed(
    calibrated: Rows,
) -> None:
    verdicts = {(row["basis"], row["verdict"]) for row in calibrated}
    assert verdicts == {("inferred", "confirmed"), ("assumed", "silent")}
    for row in calibrated:
        is_silent = row["verdict"] == "silent"
        assert is_silent == (not row["is_bounded_below"] and not row["is_bounded_above"])
        assert is_silent == (row["figures_decided"] == 0)
        assert row["lowest"] is None or row["lowest"] <= row["value"]
        assert row["highest"] is None or row["value"] <= row["highest"]


def check_edges(sandbox: Sandbox, row: dict[str, Any]) -> None:
    """A printed cell differs beyond an edge and none within, as `whatif` says."""
    name = f"rules.{row['rule_id']}.{row['segment_no']}"
    (segment,) = sandbox.rows(
        f"select base_points, upper_value - lower_value from {RULES} "
        f"where (rule_id, segment_no) = ('{row['rule_id']}', {row['segment_no']})"
    )
    step = Decimal("0.0001")
    for edge, beyond in ((row["lowest"], -step), (row["highest"], step)):
        for value in () if edge is None else (edge, edge + beyond):
            settings = [f"{name}.slope_points={value:f}"]
            if row["tied_coefficient"]:
                base = segment[0] - (value - row["value"]) * segment[1]
                settings.append(f"{name}.base_points={round(base, 4):f}")
            with replay((sandbox.root / sandbox.database).resolve(), row["month"]) as replayed:
                found = answer(replayed, read_options(settings))
            assert not found.wrong
            if not found.is_refused:  # a slope that its kind does not allow is not computed
                assert bool(found.printed_changes) == (value != edge), (row, value)


def test_the_edges_are_where_whatif_finds_printed_cells_to_change(
    june: Sandbox, calibrated: Rows
) -> None:
    check_edges(june, by_rule(calibrated)["online_offline_mismatch_count", 1])


def test_all_edges_are_where_whatif_finds_printed_cells_to_change(
    june: Sandbox, calibrated: Rows
) -> None:
    for row in calibrated:
        if row["verdict"] == "confirmed":
            check_edges(june, row)


def test_a_month_without_printed_scores_is_refused(three_months: Sandbox) -> None:
    for month, told in (
        ("2023-05", "没有发布 2023-05"),
        ("2023-07", "2023-07 没有所印得分可以核对，有的月份：2023-06"),
        ("2023-13", "月份“2023-13”有误"),
    ):
        done = three_months.run("calibrate", "--month", month)
        assert (done.returncode, done.stdout) == (2, "")
        assert told in done.stderr


@pytest.fixture(scope="module")
def july(three_months: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """July, where one department has 10% coverage, as yet without printed scores."""
    return copy_of(three_months, tmp_path_factory.mktemp("july") / "project")


def calibrated_july(july: Sandbox) -> Calibration:
    with replay((july.root / july.database).resolve(), "2023-07") as replayed:
        replayed.run()
        return calibrate(replayed)


def print_scores(july: Sandbox, *statements: str) -> None:
    """Give July in the release the scores that are printed where rules are changed so."""
    database = (july.root / july.database).resolve()
    with replay(database, "2023-07") as replayed:
        replayed.run({RULES: statements})
        scores = replayed.connection.execute(
            "select unit_id, dimension_code, cast(round(score, 2) as varchar) "
            "from marts.fct_dimension_scores union all "
            "select unit_id, 'total', cast(composite_score as varchar) "
            "from marts.fct_composite_scores"
        ).fetchall()
    folder: Path = database.parent
    for path in (folder, database):
        path.chmod(0o755)
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "delete from audit.score_reconciliation where score_month = date '2023-07-01'"
        )
        values = ", ".join(str(tuple(row)) for row in scores)
        connection.execute(
            "insert into audit.score_reconciliation by name "
            "select score_month, city_code, unit_id, unit_name, group_code, dimension_code, "
            "printed.score as published_score, printed.score as computed_score, "
            "0 as adjustment_points, 'equal' as reconciliation_status "
            f"from (values {values}) as printed (unit_id, dimension_code, score) "
            "inner join marts.dim_units using (unit_id) where score_month = date '2023-07-01'"
        )


@pytest.mark.parametrize(
    ("slope", "lowest", "highest", "verdict"),
    [
        # 40 points below 50%: 0.24 lost, and printed to two decimals.
        ("0.006", "0.0059", "0.0061", "confirmed"),
        ("0.008", "0.0079", "0.0081", "refuted"),
    ],
)
def test_a_second_month_confirms_or_refutes(
    july: Sandbox, slope: str, lowest: str, highest: str, verdict: str
) -> None:
    print_scores(
        july,
        f"update {RULES} set slope_points = {slope}, base_points = {slope} * -50 "
        f"where rule_id = '{DEPARTMENTS}'",
    )
    found = calibrated_july(july)
    rows = by_rule(found.coefficients)
    row = rows.pop((DEPARTMENTS, 1))
    assert (row["lowest"], row["highest"]) == (Decimal(lowest), Decimal(highest))
    assert row["verdict"] == verdict
    assert {each["verdict"] for each in rows.values()} == {"silent"}
    assert found.unexplained == []


@pytest.mark.parametrize(
    ("unit_name", "dimension_code", "score", "verdict"),
    [("市财政局", "licenses", "19", "confirmed"), ("市水务局", "supervision", "5.01", "refuted")],
)
def test_what_no_value_gives_is_told(
    july: Sandbox, unit_name: str, dimension_code: str, score: str, verdict: str
) -> None:
    """Nothing decides the first score, a coefficient the second, but not beyond full marks."""
    print_scores(july)
    with duckdb.connect(str((july.root / july.database).resolve())) as connection:
        connection.execute(
            f"update audit.score_reconciliation set published_score = {score} "
            f"where score_month = date '2023-07-01' and unit_name = '{unit_name}' "
            f"and dimension_code = '{dimension_code}'"
        )
    found = calibrated_july(july)
    assert [(row["unit_name"], row["dimension_code"]) for row in found.unexplained] == [
        (unit_name, dimension_code)
    ]
    row = by_rule(found.coefficients)[DEPARTMENTS, 1]
    assert row["verdict"] == verdict
    assert row["is_bounded_below"]
    assert row["is_bounded_above"]
    assert (row["lowest"] is None) == (row["highest"] is None) == (verdict == "refuted")


def test_what_several_decide_and_none_gives_leaves_them_in_doubt(june_copy: Sandbox) -> None:
    rules = ("one_thing_published_count", "policy_count")
    database = (june_copy.root / june_copy.database).resolve()
    for path in (database.parent, database):
        path.chmod(0o755)
    with duckdb.connect(str(database)) as connection:
        (unit_name,) = connection.execute(
            "select min(unit_name) from (select unit_name from marts.fct_observations "
            f"where indicator_code in {rules} and obs_value > 0 group by all having count(*) = 2)"
        ).fetchall()[0]
        connection.execute(
            "update audit.score_reconciliation set published_score = published_score - 1 "
            f"where unit_name = '{unit_name}' and dimension_code = 'special_work'"
        )
    with replay(database, "2023-06") as replayed:
        replayed.run()
        found = calibrate(replayed)
    for rule_id in rules:
        row = by_rule(found.coefficients)[rule_id, 1]
        assert (row["verdict"], row["lowest"], row["highest"]) == ("in_doubt", 0, None)
    assert by_rule(found.coefficients)[COUNTIES, 1]["verdict"] == "confirmed"
    assert (unit_name, "special_work") in {
        (row["unit_name"], row["dimension_code"]) for row in found.unexplained
    }
