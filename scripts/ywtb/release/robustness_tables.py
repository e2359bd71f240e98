"""What a release keeps of how sure places are: `ywtb robustness` and `ywtb calibrate` as tables."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import duckdb

from ywtb.assessment.reference import month_of
from ywtb.release.calibrate import Calibration, calibrate
from ywtb.release.method import Method
from ywtb.release.queries import Row
from ywtb.release.replay import Replay, replay
from ywtb.release.robustness import CERTAIN, Robustness, answer

Tables = dict[str, list[Row]]


def how_sure(replayed: Replay, method: Method) -> tuple[Robustness, Calibration]:
    """How sure the places of a month are, and what its printed scores say of coefficients.

    Args:
        replayed: the month in memory, not yet computed.
        method: what can be chosen.
    """
    replayed.run()
    calibration = calibrate(replayed)
    return answer(replayed, method, calibration.ranges), calibration


def tables(robustness: Robustness, calibration: Calibration) -> Tables:
    """Rows by table of `marts`, as its contract declares it."""
    found = {name: rows for step in robustness.steps for name, rows in step.findings.items()}
    listed: Tables = {
        "fct_rank_ranges": list(_ranges(robustness.units)),
        "fct_robustness_steps": [
            {
                "step_no": number,
                "step_code": each.name,
                "step_name": each.title,
                "finding": each.line,
            }
            for number, each in enumerate(robustness.steps, start=1)
        ],
        "fct_close_totals": [*_tied(found.get("ties", [])), *found.get("close", [])],
        "fct_effective_weights": found.get("weights", []),
        "fct_dimension_correlations": found.get("pairs", []),
        "fct_indistinct_indicators": [
            {
                **row,
                "full_count": len(row["at_full_marks"]),
                "full_indicators": "、".join(row["at_full_marks"]) or None,
                "equal_count": len(row["equal_below"]),
                "equal_indicators": "、".join(row["equal_below"]) or None,
            }
            for row in found.get("groups", [])
        ],
        "fct_coefficient_ranges": [
            {
                **row,
                "coefficient_value": row["value"],
                "lowest_value": row["lowest"],
                "highest_value": row["highest"],
            }
            for row in calibration.coefficients
        ],
        "fct_unexplained_scores": calibration.unexplained,
    }
    day = month_of(robustness.month)
    return {table: [{**row, "score_month": day} for row in kept] for table, kept in listed.items()}


def write_tables(database: Path, months: Iterable[str]) -> None:
    """Fill the tables of a release for months such as `2023-06`; nobody else has it open."""
    found: dict[str, list[Row]] = {}
    for month in months:
        with replay(database, month) as replayed:
            for table, listed in tables(*how_sure(replayed, Method())).items():
                found.setdefault(table, []).extend(listed)
    with duckdb.connect(str(database)) as connection:
        for table, listed in found.items():
            described = connection.execute(f"describe marts.{table}").fetchall()
            columns = {row[0]: [each[row[0]] for each in listed] for row in described}
            if listed:
                values = ", ".join(f"unnest(${name})" for name in columns)
                connection.execute(f"insert into marts.{table} select {values}", columns)
        connection.execute("checkpoint")


def _ranges(units: Iterable[Row]) -> Iterator[Row]:
    """Places of every unit in every step, and over all of them."""
    for unit in units:
        for step, ranks in (*unit["steps"].items(), (CERTAIN, unit)):
            best, worst = ranks["best_rank"], ranks["worst_rank"]
            yield {
                **unit,
                "step_code": step,
                "best_rank": best,
                "worst_rank": worst,
                "same_rank_draws": ranks.get("same_rank_draws"),
                "is_certain": best == worst,
            }


def _tied(ties: Iterable[Row]) -> Iterator[Row]:
    """Neighbours among those that share a place."""
    for tie in ties:
        for above, below in pairwise(tie["unit_names"]):
            pair = {"unit_above": above, "unit_below": below, "difference": Decimal(0)}
            yield {**tie, **pair, "is_printed_equal": True}
