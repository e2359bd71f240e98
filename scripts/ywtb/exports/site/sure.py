"""How sure places are: ranges as bands, and what else the release keeps of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import itemgetter
from typing import Any

from ywtb.exports.release_month import ReleaseMonth, grouped
from ywtb.exports.site.drawing import Segment, number
from ywtb.exports.standings import Ranking, ScoredUnit
from ywtb.release.calibrate import VERDICTS, range_text
from ywtb.release.queries import Row
from ywtb.release.robustness import CERTAIN, FEW_UNITS

WEIGHTS = "weights"


@dataclass(frozen=True)
class Band:
    """A unit's places: its ranges by step, and where they lie in a bar of 1000.

    Attributes:
        ranges: rows of `marts.fct_rank_ranges` by step.
        segments: places over all steps, under moved weights, and the published one.
    """

    unit: ScoredUnit
    ranges: Mapping[str, Row]
    segments: tuple[tuple[str, Segment], ...]

    @property
    def over_all(self) -> Row:
        """Its range over all steps."""
        return self.ranges[CERTAIN]


@dataclass(frozen=True)
class Weight:
    """Row of `marts.fct_effective_weights`, and both weights as bars on one scale up to 1000."""

    row: Row
    nominal: str
    effective: str


@dataclass(frozen=True)
class SureGroup:
    """What is known of a group.

    Attributes:
        bands: of its units, in printed order.
        ties: units that share a place.
        close: rows of `marts.fct_close_totals` whose totals differ.
        weights: of its dimensions, in order.
        indistinct: row of `marts.fct_indistinct_indicators`.
        pairs: rows of `marts.fct_dimension_correlations` with a correlation, the closest first.
        left_out: the other ones, by the reason.
    """

    ranking: Ranking
    bands: Sequence[Band]
    ties: Sequence[Sequence[ScoredUnit]]
    close: Sequence[Row]
    weights: Sequence[Weight]
    indistinct: Row
    pairs: Sequence[Row]
    left_out: Mapping[str, Sequence[Row]]


def context(month: ReleaseMonth, rankings: Sequence[Ranking]) -> dict[str, Any]:
    """What the page shows."""
    tables = month.tables
    steps = sorted(tables.get("marts.fct_robustness_steps", ()), key=itemgetter("step_no"))
    ranking = {row["step_code"] for row in tables.get("marts.fct_rank_ranges", ())} - {CERTAIN}
    return {
        "groups": _groups(month, rankings),
        "steps": steps,
        "ranking_steps": [step for step in steps if step["step_code"] in ranking],
        "coefficients": tables.get("marts.fct_coefficient_ranges", ()),
        "unexplained": tables.get("marts.fct_unexplained_scores", ()),
        "verdicts": VERDICTS,
        "range_text": range_text,
        "few_units": FEW_UNITS,
    }


def ranges(month: ReleaseMonth) -> dict[str, Row]:
    """The range over all steps by unit; of a release of earlier code there is none."""
    rows = month.tables.get("marts.fct_rank_ranges", ())
    return {row["unit_id"]: row for row in rows if row["step_code"] == CERTAIN}


def _groups(month: ReleaseMonth, rankings: Sequence[Ranking]) -> list[SureGroup]:
    """What is known of each group; nothing where no unit has a total."""
    tables = month.tables
    steps = grouped(tables.get("marts.fct_rank_ranges", ()), "unit_id")
    if not steps:
        return []
    close, weights, indistinct, pairs = (
        grouped(tables[f"marts.{table}"], "group_code")
        for table in (
            "fct_close_totals",
            "fct_effective_weights",
            "fct_indistinct_indicators",
            "fct_dimension_correlations",
        )
    )
    order = list(month.dimensions)
    groups = []
    for ranking in rankings:
        code = ranking.group["group_code"]
        placed = grouped((unit.total for unit in ranking.units), "score_rank")
        units = {unit.total["unit_id"]: unit for unit in ranking.units}
        found = sorted(
            pairs.get(code, []),
            key=lambda row: (
                -abs(row["correlation"] or 0),
                order.index(row["dimension_code"]),
                order.index(row["other_dimension_code"]),
            ),
        )
        groups.append(
            SureGroup(
                ranking=ranking,
                bands=[
                    _band(unit, steps[unit_id], len(units))
                    for unit_id, unit in units.items()
                    if unit_id in steps
                ],
                ties=[
                    [units[row["unit_id"]] for row in rows]
                    for rows in placed.values()
                    if len(rows) > 1
                ],
                close=[row for row in close.get(code, []) if row["difference"]],
                weights=_weights(
                    sorted(
                        weights.get(code, []), key=lambda row: order.index(row["dimension_code"])
                    )
                ),
                indistinct=indistinct[code][0],
                pairs=[row for row in found if row["correlation"] is not None],
                left_out=grouped((row for row in found if row["correlation"] is None), "left_out"),
            )
        )
    return groups


def _band(unit: ScoredUnit, rows: Sequence[Row], count: int) -> Band:
    found = {row["step_code"]: row for row in rows}
    place = unit.total["score_rank"]
    kinds = [("every", *_ends(found[CERTAIN]))]
    if WEIGHTS in found:
        kinds.append(("weights", *_ends(found[WEIGHTS])))
    kinds.append(("published", place, place))
    width = Decimal(1000) / count
    segments = tuple(
        (kind, Segment(0, number((best - 1) * width), number((worst - best + 1) * width)))
        for kind, best, worst in kinds
    )
    return Band(unit, found, segments)


def _ends(row: Row) -> tuple[int, int]:
    return row["best_rank"], row["worst_rank"]


def _weights(rows: Sequence[Row]) -> list[Weight]:
    full = sum((row["weight"] for row in rows), Decimal(0)) or Decimal(1)
    shares = [(row["weight"] / full, row["effective_weight"] or Decimal(0)) for row in rows]
    greatest = max([Decimal(1), *(share for pair in shares for share in pair)])
    return [
        Weight(row, *(number(1000 * max(share, Decimal(0)) / greatest) for share in pair))
        for row, pair in zip(rows, shares, strict=True)
    ]
