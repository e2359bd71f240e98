"""The table of losses: what each unit lost for each cause, coloured by the group's median."""

from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from ywtb.exports.site.views import Names, Ranking, Unit
from ywtb.release.queries import Row

STEPS = (Decimal(0), Decimal("0.02"), Decimal("0.05"), Decimal("0.1"))
"""Points lost beyond the median above which the colour deepens, once each."""

OTHER_CAUSES = {"adjustment": "得分调整", "dimension_floor": "封底"}
"""What the ledger calls a line that belongs to a dimension, not to an indicator."""


@dataclass(frozen=True)
class Cell:
    """Points lost; `level` counts the steps that they exceed the median by, -1 if below it."""

    lost: Decimal
    level: int
    is_applicable: bool


@dataclass(frozen=True)
class Column:
    """A cause; quiet if nobody in the group lost anything for it."""

    dimension: Row
    label: str
    median: Decimal
    is_quiet: bool


@dataclass(frozen=True)
class Heat:
    """A group's table: a column for each cause, and for each unit its cells in that order."""

    ranking: Ranking
    columns: tuple[Column, ...]
    rows: tuple[tuple[Unit, tuple[Cell, ...]], ...]


def heat(ranking: Ranking, names: Names) -> Heat:
    """The table of a group."""
    columns = tuple(
        Column(
            dimension=names.dimensions[dimension],
            label=names.indicators[indicator]["indicator_name"]
            if indicator
            else OTHER_CAUSES[kind],
            median=Decimal(median(lost.values())),
            is_quiet=not any(lost.values()),
        )
        for (dimension, kind, indicator), lost in ranking.causes.items()
    )
    rows = []
    for unit in ranking.units:
        unit_id = unit.total["unit_id"]
        absent = {
            each.indicator["indicator_code"]
            for each in unit.shown
            if each.observation["obs_status"] == "M"
        }
        cells = tuple(
            Cell(lost[unit_id], level(lost[unit_id] - column.median), indicator not in absent)
            for column, ((_, _, indicator), lost) in zip(
                columns, ranking.causes.items(), strict=True
            )
        )
        rows.append((unit, cells))
    return Heat(ranking, columns, tuple(rows))


def level(excess: Decimal) -> int:
    """How many steps points beyond the median exceed; -1 for less than the median."""
    return -1 if excess < 0 else sum(excess > step for step in STEPS)
