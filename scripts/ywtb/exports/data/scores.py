"""The scores of a month for other systems, as JSON with a JSON Schema beside it."""

import json
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from ywtb.exports.release_month import Month
from ywtb.release.queries import Row

SCHEMA = Path(__file__).with_name("scores.schema.json")

RULES = "intermediate.int_rules_monthly"

UNIT = (
    "city_code",
    "unit_id",
    "unit_name",
    "group_code",
    "sequence_no",
    "score_rank",
    "composite_score",
    "exact_score",
)
DIMENSION = ("dimension_code", "weight", "adjustment_points", "score")
INDICATOR = (
    "indicator_code",
    "obs_value",
    "obs_status",
    "max_points",
    "points",
    "points_lost",
    "rule_id",
)
LOSS = (
    "dimension_code",
    "entry_type",
    "indicator_code",
    "rule_id",
    "printed_value",
    "source_file",
    "source_row",
    "erratum_id",
    "reason",
    "points_lost",
)
RULE = ("rule_id", "rule_kind", "basis", "rule_text")


def write_scores(month: Month, folder: Path) -> None:
    """Write `scores.json` and its schema; decimals are texts, so that none becomes a float."""
    dimensions = _by_unit(month.tables["marts.fct_dimension_scores"])
    indicators = _by_unit(month.tables["marts.fct_indicator_scores"])
    losses = _by_unit(month.tables["audit.points_lost_ledger"])
    order = {
        row["dimension_code"]: row["dimension_order"]
        for row in month.tables["reference.dimensions"]
    }
    groups = {row["group_code"]: row["group_order"] for row in month.tables["reference.groups"]}
    units = sorted(
        month.tables["marts.fct_composite_scores"],
        key=lambda row: (row["city_code"], groups[row["group_code"]], row["sequence_no"]),
    )
    rules = {row["rule_id"]: _picked(row, RULE) for row in month.tables[RULES]}
    scores = {
        "$schema": SCHEMA.name,
        "score_month": month.month,
        "units": [
            {
                **_picked(unit, UNIT),
                "dimensions": [
                    {
                        **_picked(dimension, DIMENSION),
                        "indicators": [
                            _picked(indicator, INDICATOR)
                            for indicator in indicators[unit["unit_id"]]
                            if indicator["dimension_code"] == dimension["dimension_code"]
                        ],
                    }
                    for dimension in sorted(
                        dimensions[unit["unit_id"]], key=lambda row: order[row["dimension_code"]]
                    )
                ],
                "losses": [_picked(loss, LOSS) for loss in losses[unit["unit_id"]]],
            }
            for unit in units
        ],
        "rules": [rules[each] for each in sorted(rules)],
    }
    text = json.dumps(scores, ensure_ascii=False, indent=1)
    (folder / "scores.json").write_text(f"{text}\n", encoding="utf-8")
    (folder / SCHEMA.name).write_bytes(SCHEMA.read_bytes())


def _by_unit(rows: Sequence[Row]) -> defaultdict[str, list[Row]]:
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["unit_id"]].append(row)
    return found


def _picked(row: Row, columns: Sequence[str]) -> dict[str, Any]:
    return {column: _plain(row[column]) for column in columns}


def _plain(value: Any) -> Any:
    return f"{value:f}" if isinstance(value, Decimal) else value
