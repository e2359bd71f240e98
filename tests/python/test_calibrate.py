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

DEPARTMENTS, COUNTIES = "behavior_coverage_rate__department", "behavior_coverage_rate__county"


@pytest.fixture(scope="module")
def calibrated(june: Sandbox) -> Calibration:
    """What June 2023 says."""
    return calibrated_month(june, "2023-06")


def calibrated_month(sandbox: Sandbox, month: str) -> Calibration:
    with replay((sandbox.root / sandbox.database).resolve(), month) as replayed:
        return calibrate(replayed)


def by_rule(found: Calibration) -> dict[tuple[str, int], dict[str, Any]]:
    return {(row["rule_id"], row["segment_no"]): row for row in found.coefficients}


@pytest.mark.parametrize(
    ("rule_id", "lowest", "highest"),
    [(DEPARTMENTS, "0.0060", "0.0062"), (COUNTIES, "0.0026", "0.0042")],
)
def test_the_ranges_of_coverage_are_those_worked_out_by_hand(
    calibrated: Calibration, rule_id: str, lowest: str, highest: str
) -> None:
    """As the evidence of the rules in `scoring_rules.csv` states them."""
    row = by_rule(calibrated)[rule_id, 1]
    assert (row["lowest"], row["highest"]) == (Decimal(lowest), Decimal(highest))
    assert (row["coefficient"], row["tied_coefficient"]) == ("slope_points", "base_points")
    assert row["is_bounded_below"]
    assert row["is_bounded_above"]
    assert row["verdict"] == "confirmed"


def test_every_rule_that_no_note_states_is_told_once(
    june: Sandbox, calibrated: Calibration
) -> None:
    in_force = june.rows(
        f"select rule_id, segment_no from {RULES} where basis != 'stated' and rule_id in "
        "(select rule_id from marts.fct_indicator_scores) order by all"
    )
    assert sorted(by_rule(calibrated)) == in_force
    assert len(calibrated.coefficients) == len(in_force)


def test_june_confirms_what_is_inferred_and_says_nothing_of_what_is_assumed(
    calibrated: Calibration,
) -> None:
    verdicts = {(row["basis"], row["verdict"]) for row in calibrated.coefficients}
    assert verdicts == {("inferred", "confirmed"), ("assumed", "silent")}
    for row in calibrated.coefficients:
        is_silent = row["verdict"] == "silent"
        assert is_silent == (not row["is_bounded_below"] and not row["is_bounded_above"])
        assert is_silent == (row["figures_decided"] == 0)
        assert row["lowest"] is None or row["lowest"] <= row["value"]
        assert row["highest"] is None or row["value"] <= row["highest"]


def test_the_one_adjusted_score_is_the_one_that_no_value_gives(calibrated: Calibration) -> None:
    (row,) = calibrated.unexplained
    assert (row["unit_name"], row["dimension_code"]) == ("市文体旅游局", "supervision")
    assert (row["published_score"], row["computed_score"]) == (Decimal("4.98"), Decimal(5))


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
    june: Sandbox, calibrated: Calibration
) -> None:
    check_edges(june, by_rule(calibrated)["online_offline_mismatch_count", 1])


@pytest.mark.soak
def test_all_edges_are_where_whatif_finds_printed_cells_to_change(
    june: Sandbox, calibrated: Calibration
) -> None:
    for row in calibrated.coefficients:
        if row["verdict"] == "confirmed":
            check_edges(june, row)


def test_the_command_answers_and_refuses(june: Sandbox, calibrated: Calibration) -> None:
    done = june.run("calibrate", "--month", "2023-06", "--json")
    assert done.returncode == 0, done.stderr
    answered = json.loads(done.stdout, parse_float=pytest.fail)
    assert [row["rule_id"] for row in answered] == [
        row["rule_id"] for row in calibrated.coefficients
    ]
    (counties,) = (row for row in answered if row["rule_id"] == COUNTIES)
    assert (counties["lowest"], counties["highest"]) == ("0.0026", "0.0042")
    done = june.run("calibrate", "--month", "2023-05")
    assert (done.returncode, done.stdout) == (2, "")
    assert "没有发布 2023-05" in done.stderr


def test_a_month_without_printed_scores_is_refused(three_months: Sandbox) -> None:
    done = three_months.run("calibrate", "--month", "2023-07")
    assert (done.returncode, done.stdout) == (2, "")
    assert "2023-07 没有所印得分可以核对，有的月份：2023-06" in done.stderr


@pytest.fixture(scope="module")
def july(three_months: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """July, where one department has 10% coverage, as yet without printed scores."""
    return copy_of(three_months, tmp_path_factory.mktemp("july") / "project")


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
    found = calibrated_month(july, "2023-07")
    rows = by_rule(found)
    row = rows.pop((DEPARTMENTS, 1))
    assert (row["lowest"], row["highest"]) == (Decimal(lowest), Decimal(highest))
    assert row["verdict"] == verdict
    assert {each["verdict"] for each in rows.values()} == {"silent"}
    assert found.unexplained == []


def test_what_no_value_gives_is_told(july: Sandbox) -> None:
    """One cell of coverage below the threshold cannot give points to another unit."""
    print_scores(july)
    with duckdb.connect(str((july.root / july.database).resolve())) as connection:
        connection.execute(
            "update audit.score_reconciliation set published_score = published_score - 1 "
            "where score_month = date '2023-07-01' and unit_name = '市财政局' "
            "and dimension_code = 'licenses'"
        )
    found = calibrated_month(july, "2023-07")
    assert [(row["unit_name"], row["dimension_code"]) for row in found.unexplained] == [
        ("市财政局", "licenses")
    ]
    assert by_rule(found)[DEPARTMENTS, 1]["verdict"] == "confirmed"
