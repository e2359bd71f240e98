"""The scores of a month for other systems, as JSON with a JSON Schema beside it."""

import json
from pathlib import Path
from typing import Any

from ywtb.exports.release_month import ReleaseMonth, grouped
from ywtb.release.queries import Row

SCHEMA = Path(__file__).with_name("scores.schema.json")
"""Says the form of the file, and thereby which columns of the release are in it."""


def write_scores(month: ReleaseMonth, folder: Path) -> None:
    """Write `scores.json` and its schema; decimals are texts, so that none becomes a float."""
    schema = SCHEMA.read_bytes()
    definitions = json.loads(schema)["$defs"]

    def picked(kind: str, row: Row) -> dict[str, Any]:
        return {name: row[name] for name in definitions[kind]["properties"]}

    indicators = grouped(month.tables["marts.fct_indicator_scores"], "unit_id", "dimension_code")
    dimensions = grouped(month.tables["marts.fct_dimension_scores"], "unit_id")
    losses = grouped(month.tables["audit.points_lost_ledger"], "unit_id")
    groups, parts = list(month.groups), list(month.dimensions)

    def dimension(row: Row) -> dict[str, Any]:
        found = indicators.get((row["unit_id"], row["dimension_code"]), [])
        return picked(
            "dimension", {**row, "indicators": [picked("indicator", each) for each in found]}
        )

    def unit(row: Row) -> dict[str, Any]:
        scored = sorted(
            dimensions[row["unit_id"]], key=lambda each: parts.index(each["dimension_code"])
        )
        lost = losses.get(row["unit_id"], [])
        return picked(
            "unit",
            {
                **row,
                "dimensions": [dimension(each) for each in scored],
                "losses": [picked("loss", each) for each in lost],
            },
        )

    units = sorted(
        month.tables["marts.fct_composite_scores"],
        key=lambda row: (groups.index(row["group_code"]), row["sequence_no"]),
    )
    scores = {
        "$schema": SCHEMA.name,
        "score_month": month.month,
        "stage": month.stage,
        "units": [unit(row) for row in units],
        "rules": [picked("rule", row) for row in month.tables["marts.dim_rules"]],
    }
    text = json.dumps(scores, ensure_ascii=False, indent=1, default="{:f}".format)
    (folder / "scores.json").write_text(f"{text}\n", encoding="utf-8")
    (folder / SCHEMA.name).write_bytes(schema)
