"""What was corrected and what was checked: figures and expectations of the month."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ywtb.exports.release_month import ReleaseMonth, grouped
from ywtb.release.queries import Row


def suites(month: ReleaseMonth) -> list[tuple[str, str, list[Row]]]:
    """Suites of expectations, of what arrived and then of what leaves: part, title and results."""
    found = grouped(month.tables["audit.expectation_results"], "suite").values()
    parts = {"raw": "收到的数据", "marts": "发出的数据"}
    return [
        (title, rows[0]["suite_title"], rows)
        for part, title in parts.items()
        for rows in found
        if rows[0]["part"] == part
    ]


def quality(month: ReleaseMonth) -> dict[str, Any]:
    """The month's quality in figures; `reconciled` is empty while no official print is known."""
    tables = month.tables
    expectations = tables["audit.expectation_results"]
    cells, scores = tables["audit.cell_reconciliation"], tables["audit.score_reconciliation"]
    equal_cells = sum(row["is_reproduced"] for row in cells)
    equal_scores = sum(row["reconciliation_status"] != "unexplained" for row in scores)
    compared = (
        ("所印单元格", equal_cells, len(cells)),
        ("所印得分", equal_scores, len(scores)),
    )
    errata, assumed = tables["audit.errata_in_force"], tables["audit.assumed_rules"]
    return {
        "met": sum(row["is_success"] for row in expectations),
        "checked": len(expectations),
        "reconciled": [each for each in compared if each[2]],
        "errata": len({row["erratum_id"] for row in errata}),
        "corrected": sum(row["erratum_kind"] in ("cell", "header") for row in errata),
        "imputed": sum(row["obs_status"] == "I" for row in tables["marts.fct_observations"]),
        "adjustments": len(tables["audit.adjustments_in_force"]),
        "assumed_rules": len({row["rule_id"] for row in assumed}),
        "assumed_points": sum((row["points_at_stake"] for row in assumed), Decimal(0)),
        "assumed_lost": sum((row["points_lost"] for row in assumed), Decimal(0)),
    }


def column_names(month: ReleaseMonth) -> Mapping[str, str]:
    """Chinese names of columns of annexes and monthly files, by their name there."""
    columns = sorted(
        month.tables["intermediate.int_annex_columns_monthly"],
        key=lambda row: (row["annex_no"], row["column_no"]),
        reverse=True,
    )
    return {
        **{row["column_name"]: row["view_column_name"] for row in columns},
        **{code: row["indicator_name"] for code, row in month.indicators.items()},
    }
