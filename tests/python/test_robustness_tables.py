"""What a release keeps of how sure places are is what the commands answer."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from conftest import ROOT, Sandbox
from ywtb.cli import app
from ywtb.release.robustness import CERTAIN

JULY = "score_month = date '2023-07-01'"
TABLES = sorted(path.stem for path in (ROOT / "models" / "robustness").glob("*.sql"))


def answered(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, *command: str) -> Any:
    monkeypatch.chdir(sandbox.root)
    done = CliRunner().invoke(app, [*command, "--json"])
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def test_the_tables_have_what_robustness_answers(
    three_months: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = answered(three_months, monkeypatch, "robustness", "--month", "2023-07")
    expected = {
        (unit["unit_id"], step): (
            ranks["best_rank"], ranks["worst_rank"], ranks.get("same_rank_draws"),
        )
        for unit in answer["units"]
        for step, ranks in (*unit["steps"].items(), (CERTAIN, unit))
    }  # fmt: skip
    kept = three_months.rows(
        "select unit_id, step_code, best_rank, worst_rank, same_rank_draws, is_certain "
        f"from marts.fct_rank_ranges where {JULY}"
    )
    assert {row[:2]: row[2:5] for row in kept} == expected
    assert all(row[5] == (row[2] == row[3]) for row in kept)
    steps = three_months.rows(
        "select step_code, step_name, finding from marts.fct_robustness_steps "
        f"where {JULY} order by step_no"
    )
    assert steps == [(step["name"], step["title"], step["line"]) for step in answer["steps"]]
    findings = {name: rows for step in answer["steps"] for name, rows in step.items()}
    for table, kind, columns in (
        ("fct_effective_weights", "weights", "dimension_code, weight, effective_weight"),
        ("fct_dimension_correlations", "pairs", "other_dimension_code, correlation, unit_count"),
    ):
        kept = three_months.rows(
            f"select group_code, {columns} from marts.{table} where {JULY} order by rowid"
        )
        names = ["group_code", *columns.split(", ")]
        told = [[row[name] for name in names] for row in findings[kind]]
        assert json.loads(json.dumps(kept, default=str)) == json.loads(
            json.dumps(told, default=str)
        )


@pytest.mark.soak
def test_the_tables_have_what_calibrate_answers(
    june: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = answered(june, monkeypatch, "calibrate", "--month", "2023-06")
    names = ("rule_id", "segment_no", "verdict", "figures_decided", "is_bounded_above")
    kept = june.rows(f"select {', '.join(names)} from marts.fct_coefficient_ranges order by rowid")
    assert kept == [tuple(row[name] for name in names) for row in answer]
    unexplained = june.rows("select unit_name, dimension_code from marts.fct_unexplained_scores")
    assert unexplained == [("市文体旅游局", "supervision")]


def test_close_totals_are_neighbours_and_ties(june: Sandbox) -> None:
    assert june.rows(
        "select count(*), count(*) filter (difference = 0) from marts.fct_close_totals"
    ) == [(16, 13)]


def test_months_that_did_not_change_keep_what_was_found(
    june: Sandbox, three_months: Sandbox
) -> None:
    for table in TABLES:
        of_june = f"from marts.{table} where score_month = date '2023-06-01' order by rowid"
        assert three_months.rows(of_june) == june.rows(of_june), table
        assert june.rows(of_june), table


def test_coefficients_are_told_only_where_scores_were_printed(three_months: Sandbox) -> None:
    for table in ("fct_coefficient_ranges", "fct_unexplained_scores"):
        months = three_months.rows(f"select distinct score_month from marts.{table}")
        assert [f"{month:%Y-%m}" for (month,) in months] == ["2023-06"]
    assert three_months.rows(
        "select count(distinct score_month) from marts.fct_robustness_steps"
    ) == [(3,)]
