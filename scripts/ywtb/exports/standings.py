"""Rankings and units as pages and letters show them: rows of the month, put side by side."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from operator import itemgetter
from statistics import median

from ywtb.assessment.figures import plain_figure
from ywtb.exports.release_month import ReleaseMonth, grouped
from ywtb.release.queries import Row

ZERO = Decimal(0)

Cause = tuple[str, str, str | None]
"""What points are lost for: dimension, `entry_type` of the ledger, indicator if it is one."""


OTHER_CAUSES = {"adjustment": "得分调整", "dimension_floor": "封底"}
"""What the ledger calls a line that belongs to a dimension, not to an indicator."""


@dataclass(frozen=True)
class Part:
    """A unit's score in a dimension; `lost` is what it falls short of the weight."""

    dimension: Row
    weight: Decimal
    score: Decimal
    lost: Decimal
    median_lost: Decimal


@dataclass(frozen=True)
class LedgerLine:
    """A line of the ledger, the value as shown, and what the group usually loses there."""

    row: Row
    text: str
    median_lost: Decimal


@dataclass(frozen=True)
class Shown:
    """An indicator of a unit: observed, as shown, and scored where it carries points."""

    indicator: Row
    observation: Row
    text: str
    score: Row | None


@dataclass(frozen=True)
class ScoredUnit:
    """A unit in its month.

    Attributes:
        total: row of `marts.fct_composite_scores`.
        change: row of `marts.fct_monthly_changes`.
        average: row of `marts.fct_year_to_date_scores`.
        parts: its dimensions, in order.
        entries: its lines of the ledger, the greatest loss first.
        shown: all its indicators, in order.
    """

    total: Row
    change: Row
    average: Row
    parts: tuple[Part, ...]
    entries: tuple[LedgerLine, ...]
    shown: tuple[Shown, ...]

    @property
    def name(self) -> str:
        """Its name in the month."""
        name: str = self.total["unit_name"]
        return name

    @cached_property
    def texts(self) -> Mapping[str, str]:
        """Values as shown, by code of the indicator."""
        return {each.indicator["indicator_code"]: each.text for each in self.shown}

    @property
    def exact(self) -> Decimal:
        """Its total before rounding."""
        exact: Decimal = self.total["exact_score"]
        return exact

    @property
    def lost(self) -> Decimal:
        """All that it lost, by the ledger."""
        return sum((entry.row["points_lost"] for entry in self.entries), ZERO)


@dataclass(frozen=True)
class Ranking:
    """A group: its dimensions with their weights, and its units by 序号.

    Attributes:
        anchor: its place in pages that list all groups.
        title: the group's name.
        causes: what the group can lose points for, in order, each with what its units lost:
            every scored indicator, and whatever else the ledger holds.
    """

    anchor: str
    title: str
    group: Row
    weights: tuple[tuple[Row, Decimal], ...]
    units: tuple[ScoredUnit, ...]
    causes: Mapping[Cause, Mapping[str, Decimal]]

    @cached_property
    def greatest_loss(self) -> Decimal:
        """Most points that one of the units lost."""
        return max(sum((part.lost for part in unit.parts), ZERO) for unit in self.units)

    @cached_property
    def median(self) -> Decimal:
        """The median of the totals."""
        return Decimal(median(unit.exact for unit in self.units))

    @cached_property
    def greatest_distance(self) -> Decimal:
        """How far from the median a total lies at most."""
        return max(abs(unit.exact - self.median) for unit in self.units)

    def next_above(self, unit: ScoredUnit) -> ScoredUnit | None:
        """The nearest unit with a greater total."""
        return next((each for each in reversed(self.units) if each.exact > unit.exact), None)

    def next_below(self, unit: ScoredUnit) -> ScoredUnit | None:
        """The nearest unit with a lesser total."""
        return next((each for each in self.units if each.exact < unit.exact), None)

    def neighbours(self, unit: ScoredUnit) -> tuple[ScoredUnit | None, ScoredUnit | None]:
        """The units before and after it by 序号."""
        place = self.units.index(unit)
        return (
            self.units[place - 1] if place else None,
            self.units[place + 1] if place + 1 < len(self.units) else None,
        )


def rankings(month: ReleaseMonth) -> list[Ranking]:
    """The rankings of a month in order of groups; groups without units are left out."""
    totals = grouped(month.tables["marts.fct_composite_scores"], "group_code")
    ranked = (code for code in month.groups if code in totals)
    return [
        _ranking(month, f"group-{place}", month.groups[code], totals[code])
        for place, code in enumerate(ranked, start=1)
    ]


def _ranking(month: ReleaseMonth, anchor: str, group: Row, members: Sequence[Row]) -> Ranking:
    weights = {
        row["dimension_code"]: row["weight"]
        for row in month.tables["intermediate.int_dimension_weights_monthly"]
        if row["group_code"] == group["group_code"]
    }
    causes = _causes(month, group, [row["unit_id"] for row in members])
    return Ranking(
        anchor=anchor,
        title=group["group_name"],
        group=group,
        weights=tuple(
            (dimension, weights[code])
            for code, dimension in month.dimensions.items()
            if code in weights
        ),
        units=_units(month, sorted(members, key=itemgetter("sequence_no")), causes),
        causes=causes,
    )


def _causes(
    month: ReleaseMonth, group: Row, unit_ids: Sequence[str]
) -> dict[Cause, dict[str, Decimal]]:
    """Points lost by each of the units for each cause, nothing included."""
    lost: dict[Cause, dict[str, Decimal]] = defaultdict(lambda: dict.fromkeys(unit_ids, ZERO))
    for row in month.tables["intermediate.int_group_indicators_monthly"]:
        if row["group_code"] == group["group_code"] and row["rule_id"] is not None:
            lost[row["dimension_code"], "indicator", row["indicator_code"]]  # every one is shown
    for row in month.tables["audit.points_lost_ledger"]:
        if row["unit_id"] in unit_ids:
            lost[_cause(row)][row["unit_id"]] += row["points_lost"]
    dimensions, indicators = list(month.dimensions), list(month.indicators)

    def order(cause: Cause) -> tuple[int, int, str]:
        dimension, kind, indicator = cause
        place = indicators.index(indicator) if indicator else len(indicators)
        return dimensions.index(dimension), place, kind

    return {cause: lost[cause] for cause in sorted(lost, key=order)}


def _cause(row: Row) -> Cause:
    return row["dimension_code"], row["entry_type"], row["indicator_code"]


def _units(
    month: ReleaseMonth, members: Sequence[Row], causes: Mapping[Cause, Mapping[str, Decimal]]
) -> tuple[ScoredUnit, ...]:
    """The units of a group, in the order given."""
    tables = month.tables
    changes = {row["unit_id"]: row for row in tables["marts.fct_monthly_changes"]}
    averages = {row["unit_id"]: row for row in tables["marts.fct_year_to_date_scores"]}
    ledger = grouped(tables["audit.points_lost_ledger"], "unit_id")
    scores = {
        (row["unit_id"], row["indicator_code"]): row for row in tables["marts.fct_indicator_scores"]
    }
    observations = {
        (row["unit_id"], row["indicator_code"]): row for row in tables["marts.fct_observations"]
    }
    texts = _texts(month)
    order = list(month.dimensions)
    scored = grouped(
        sorted(
            tables["marts.fct_dimension_scores"], key=lambda row: order.index(row["dimension_code"])
        ),
        "unit_id",
    )
    peers = grouped((row for each in members for row in scored[each["unit_id"]]), "dimension_code")
    usual_parts = {
        code: Decimal(median(row["weight"] - row["score"] for row in rows))
        for code, rows in peers.items()
    }
    usual = {cause: Decimal(median(lost.values())) for cause, lost in causes.items()}

    def part(row: Row) -> Part:
        code = row["dimension_code"]
        lost = row["weight"] - row["score"]
        return Part(month.dimensions[code], row["weight"], row["score"], lost, usual_parts[code])

    def line(row: Row) -> LedgerLine:
        text = texts.get((row["unit_id"], row["indicator_code"]), "")
        return LedgerLine(row, text, usual[_cause(row)])

    def place(row: Row) -> tuple[Decimal, int, str]:
        code = row["indicator_code"] or row["entry_type"]
        return -row["points_lost"], order.index(row["dimension_code"]), code

    return tuple(
        ScoredUnit(
            total=member,
            change=changes[unit_id],
            average=averages[unit_id],
            parts=tuple(part(row) for row in scored[unit_id]),
            entries=tuple(line(row) for row in sorted(ledger.get(unit_id, []), key=place)),
            shown=tuple(
                Shown(indicator, observations[key], texts[key], scores.get(key))
                for code, indicator in month.indicators.items()
                for key in [(unit_id, code)]
                if key in observations
            ),
        )
        for member in members
        for unit_id in [member["unit_id"]]
    )


def _texts(month: ReleaseMonth) -> dict[tuple[str, str], str]:
    """Values as shown, by unit and indicator: as an annex prints them, if one does."""
    printed = {
        (cell["unit_id"], cell["column_name"]): cell["cell_text"]
        for cell in month.tables["audit.annex_cells"]
    }

    def text(row: Row) -> str:
        if row["obs_status"] in ("M", "L"):
            return "—"
        found: str | None = printed.get((row["unit_id"], row["indicator_code"])) or row["obs_text"]
        is_rate = month.indicators[row["indicator_code"]]["value_type"] == "percent"
        return found or f"{plain_figure(row['obs_value'])}{'%' if is_rate else ''}"

    return {
        (row["unit_id"], row["indicator_code"]): text(row)
        for row in month.tables["marts.fct_observations"]
    }


def movers(
    ranking: Ranking, count: int = 3
) -> tuple[list[ScoredUnit], list[ScoredUnit], list[ScoredUnit]]:
    """Units that gained most places since they were last scored, that lost most, and new ones.

    New to the group are units never scored before and those that came from another group.
    """
    moved = [unit for unit in ranking.units if unit.change["places_gained"]]

    def gained(unit: ScoredUnit) -> tuple[int, Decimal]:
        return unit.change["places_gained"], unit.change["score_change"]

    rising = sorted(
        (unit for unit in moved if unit.change["places_gained"] > 0), key=gained, reverse=True
    )
    falling = sorted((unit for unit in moved if unit.change["places_gained"] < 0), key=gained)
    new = [
        unit
        for unit in ranking.units
        if unit.change["previous_group_code"] != unit.total["group_code"]
    ]
    return rising[:count], falling[:count], new
