"""The table of losses: what each unit lost for each cause, coloured by the group's median."""

from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from ywtb.exports.release_month import ReleaseMonth
from ywtb.exports.standings import OTHER_CAUSES, Ranking, ScoredUnit
from ywtb.release.queries import Row

STEPS = (Decimal(0), Decimal("0.02"), Decimal("0.05"), Decimal("0.1"))
"""Points lost beyond the median above which the colour deepens, once each."""


@dataclass(frozen=True)
class HeatCell:
    """Points lost; `level` counts the steps that they exceed the median by, -1 if below it."""

    lost: Decimal
    level: int
    is_applicable: bool


@dataclass(frozen=True)
class HeatColumn:
    """A cause; quiet if nobody in the group lost anything for it."""

    dimension: Row
    label: str
    median: Decimal
    is_quiet: bool


@dataclass(frozen=True)
class Heat:
    """A group's table: a column for each cause, and for each unit its cells in that order."""

    ranking: Ranking
    columns: tuple[HeatColumn, ...]
    rows: tuple[tuple[ScoredUnit, tuple[HeatCell, ...]], ...]


def heat(month: ReleaseMonth, ranking: Ranking) -> Heat:
    """The table of a group."""
    columns = tuple(
        HeatColumn(
            dimension=month.dimensions[dimension],
            label=month.indicators[indicator]["indicator_name"]
            if indicator
            else OTHER_CAUSES[kind],
            median=Decimal(median(lost.values())),
            is_quiet=not any(lost.values()),
        )
        for (dimension, kind, indicator), lost in ranking.causes.items()
    )

    def cells(unit: ScoredUnit) -> tuple[HeatCell, ...]:
        unit_id = unit.total["unit_id"]
        absent = {
            each.indicator["indicator_code"]
            for each in unit.shown
            if each.observation["obs_status"] == "M"
        }
        return tuple(
            HeatCell(lost[unit_id], level(lost[unit_id] - column.median), indicator not in absent)
            for column, ((_, _, indicator), lost) in zip(
                columns, ranking.causes.items(), strict=True
            )
        )

    return Heat(ranking, columns, tuple((unit, cells(unit)) for unit in ranking.units))


def level(excess: Decimal) -> int:
    """How many steps points beyond the median exceed; -1 for less than the median."""
    return -1 if excess < 0 else sum(excess > step for step in STEPS)
