"""Rankings and units as the pages show them: rows of the month, put side by side."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from statistics import median

from ywtb.exports.release_month import Month
from ywtb.exports.site.formats import page_name
from ywtb.release.queries import Row

ZERO = Decimal(0)

Cause = tuple[str, str, str | None]
"""What points are lost for: dimension, `entry_type` of the ledger, indicator if it is one."""


@dataclass(frozen=True)
class Names:
    """Rows of the reference seeds by code, in their order."""

    cities: Mapping[str, Row]
    groups: Mapping[str, Row]
    dimensions: Mapping[str, Row]
    indicators: Mapping[str, Row]
    feeds: Mapping[str, Row]
    bases: Mapping[str, Row]

    @classmethod
    def of(cls, month: Month) -> "Names":
        """The names that the month's release knows."""

        def by_code(table: str, code: str, order: str) -> dict[str, Row]:
            found = sorted(month.tables[f"reference.{table}"], key=lambda row: row[order])
            return {row[code]: row for row in found}

        dimensions = by_code("dimensions", "dimension_code", "dimension_order")
        indicators = by_code("indicators", "indicator_code", "indicator_order")
        by_dimension = sorted(
            indicators.items(),
            key=lambda each: dimensions[each[1]["dimension_code"]]["dimension_order"],
        )
        return cls(
            cities=by_code("cities", "city_code", "city_code"),
            groups=by_code("groups", "group_code", "group_order"),
            dimensions=dimensions,
            indicators=dict(by_dimension),
            feeds=by_code("feeds", "feed_code", "feed_order"),
            bases=by_code("rule_bases", "basis", "basis_order"),
        )


@dataclass(frozen=True)
class Part:
    """A unit's score in a dimension; `lost` is what it falls short of the weight."""

    dimension: Row
    weight: Decimal
    score: Decimal
    lost: Decimal
    median_lost: Decimal


@dataclass(frozen=True)
class Entry:
    """A line of the ledger, its indicator if it has one, and what the group usually loses there."""

    row: Row
    indicator: Row | None
    observation: Row | None
    median_lost: Decimal


@dataclass(frozen=True)
class Shown:
    """An indicator of a unit: observed, and scored where it carries points."""

    indicator: Row
    observation: Row
    score: Row | None


@dataclass(frozen=True)
class Unit:
    """A unit in its month.

    Attributes:
        total: row of `marts.fct_composite_scores`.
        page: name of its page.
        change: row of `marts.fct_monthly_changes`.
        average: row of `marts.fct_year_to_date_scores`.
        parts: its dimensions, in order.
        entries: its lines of the ledger: by dimension, the greatest loss first.
        shown: all its indicators, in order.
    """

    total: Row
    page: str
    change: Row
    average: Row
    parts: tuple[Part, ...]
    entries: tuple[Entry, ...]
    shown: tuple[Shown, ...]

    @property
    def name(self) -> str:
        """Its name in the month."""
        name: str = self.total["unit_name"]
        return name

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
    """A group of a city: its dimensions with their weights, and its units by 序号.

    Attributes:
        anchor: its place in pages that list all groups.
        title: the group's name; with the city's where there are several.
        causes: what the group can lose points for, in order, each with what its units lost:
            every scored indicator, and whatever else the ledger holds.
    """

    anchor: str
    title: str
    group: Row
    weights: tuple[tuple[Row, Decimal], ...]
    units: tuple[Unit, ...]
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

    def next_above(self, unit: Unit) -> Unit | None:
        """The nearest unit with a greater total."""
        return next((each for each in reversed(self.units) if each.exact > unit.exact), None)

    def next_below(self, unit: Unit) -> Unit | None:
        """The nearest unit with a lesser total."""
        return next((each for each in self.units if each.exact < unit.exact), None)

    def neighbours(self, unit: Unit) -> tuple[Unit | None, Unit | None]:
        """The units before and after it by 序号."""
        place = self.units.index(unit)
        return (
            self.units[place - 1] if place else None,
            self.units[place + 1] if place + 1 < len(self.units) else None,
        )


def rankings(month: Month, names: Names) -> list[Ranking]:
    """The rankings of a month, by city and order of groups; groups without units are left out."""
    totals = _grouped(month.tables["marts.fct_composite_scores"], "city_code", "group_code")
    found: list[Ranking] = []
    for city_code, city in names.cities.items():
        for group_code, group in names.groups.items():
            members = totals.get((city_code, group_code), [])
            if not members:
                continue
            title = group["group_name"]
            if len({city for city, _ in totals}) > 1:
                title = f"{city['city_name']}{title}"
            anchor = f"group-{len(found) + 1}"
            found.append(_ranking(month, names, anchor, title, group, members))
    return found


def _ranking(
    month: Month, names: Names, anchor: str, title: str, group: Row, members: Sequence[Row]
) -> Ranking:
    weights = {
        row["dimension_code"]: row["weight"]
        for row in month.tables["intermediate.int_dimension_weights_monthly"]
        if row["group_code"] == group["group_code"]
    }
    causes = _causes(month, names, group, {row["unit_id"] for row in members})
    usual = {cause: Decimal(median(lost.values())) for cause, lost in causes.items()}
    units = _units(month, names, members, usual)
    return Ranking(
        anchor=anchor,
        title=title,
        group=group,
        weights=tuple(
            (dimension, weights[code])
            for code, dimension in names.dimensions.items()
            if code in weights
        ),
        units=tuple(sorted(units, key=lambda unit: unit.total["sequence_no"])),
        causes=causes,
    )


def _causes(
    month: Month, names: Names, group: Row, unit_ids: set[str]
) -> dict[Cause, dict[str, Decimal]]:
    """Points lost by each of the units for each cause, nothing included."""
    lost: dict[Cause, dict[str, Decimal]] = defaultdict(lambda: dict.fromkeys(unit_ids, ZERO))
    for row in month.tables["intermediate.int_group_indicators_monthly"]:
        if row["group_code"] == group["group_code"] and row["rule_id"] is not None:
            lost[row["dimension_code"], "indicator", row["indicator_code"]]  # every one is shown
    for row in month.tables["audit.points_lost_ledger"]:
        if row["unit_id"] in unit_ids:
            cause = (row["dimension_code"], row["entry_type"], row["indicator_code"])
            lost[cause][row["unit_id"]] += row["points_lost"]
    dimensions, indicators = list(names.dimensions), list(names.indicators)

    def order(cause: Cause) -> tuple[int, int, str]:
        dimension, kind, indicator = cause
        place = indicators.index(indicator) if indicator else len(indicators)
        return dimensions.index(dimension), place, kind

    return {cause: lost[cause] for cause in sorted(lost, key=order)}


def _units(
    month: Month, names: Names, members: Sequence[Row], usual: Mapping[Cause, Decimal]
) -> list[Unit]:
    tables = month.tables
    changes = {row["unit_id"]: row for row in tables["marts.fct_monthly_changes"]}
    averages = {row["unit_id"]: row for row in tables["marts.fct_year_to_date_scores"]}
    dimension_scores = _grouped(tables["marts.fct_dimension_scores"], "unit_id")
    ledger = _grouped(tables["audit.points_lost_ledger"], "unit_id")
    observations = _grouped(tables["marts.fct_observations"], "unit_id")
    scores = {
        (row["unit_id"], row["indicator_code"]): row for row in tables["marts.fct_indicator_scores"]
    }
    shortfalls: dict[str, list[Decimal]] = {}
    for member in members:
        for row in dimension_scores[member["unit_id"],]:
            shortfall = row["weight"] - row["score"]
            shortfalls.setdefault(row["dimension_code"], []).append(shortfall)
    units = []
    for member in members:
        unit_id = member["unit_id"]
        parts = {row["dimension_code"]: row for row in dimension_scores[unit_id,]}
        observed = {row["indicator_code"]: row for row in observations[unit_id,]}
        units.append(
            Unit(
                total=member,
                page=page_name(unit_id),
                change=changes[unit_id],
                average=averages[unit_id],
                parts=tuple(
                    Part(
                        dimension=dimension,
                        weight=parts[code]["weight"],
                        score=parts[code]["score"],
                        lost=parts[code]["weight"] - parts[code]["score"],
                        median_lost=Decimal(median(shortfalls[code])),
                    )
                    for code, dimension in names.dimensions.items()
                    if code in parts
                ),
                entries=_entries(names, ledger.get((unit_id,), []), observed, usual),
                shown=tuple(
                    Shown(indicator, observed[code], scores.get((unit_id, code)))
                    for code, indicator in names.indicators.items()
                    if code in observed
                ),
            )
        )
    return units


def _entries(
    names: Names,
    ledger: Sequence[Row],
    observed: Mapping[str, Row],
    usual: Mapping[Cause, Decimal],
) -> tuple[Entry, ...]:
    def order(row: Row) -> tuple[int, Decimal, str]:
        place = names.dimensions[row["dimension_code"]]["dimension_order"]
        return place, -row["points_lost"], row["indicator_code"] or row["entry_type"]

    return tuple(
        Entry(
            row=row,
            indicator=names.indicators.get(row["indicator_code"]),
            observation=observed.get(row["indicator_code"]),
            median_lost=usual[row["dimension_code"], row["entry_type"], row["indicator_code"]],
        )
        for row in sorted(ledger, key=order)
    )


def _grouped(table: Sequence[Row], *keys: str) -> dict[tuple[str, ...], list[Row]]:
    found: dict[tuple[str, ...], list[Row]] = {}
    for row in table:
        found.setdefault(tuple(row[key] for key in keys), []).append(row)
    return found


def movers(ranking: Ranking, count: int = 3) -> tuple[list[Unit], list[Unit], list[Unit]]:
    """Units that gained most places since they were last scored, that lost most, and new ones.

    New to the group are units never scored before and those that came from another group.
    """
    moved = [unit for unit in ranking.units if unit.change["places_gained"]]

    def gained(unit: Unit) -> tuple[int, Decimal]:
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
