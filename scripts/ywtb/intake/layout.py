"""What a month's files must hold: feeds with their columns, rows and limits, all from the seeds."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Final

from ywtb.assessment.reference import Reference, Row
from ywtb.intake.tables import compact
from ywtb.intake.words import Words

Limits = tuple[Decimal | None, Decimal | None]
Group = tuple[str, str]
"""City code and group code."""

CITY_COLUMN: Final = "city_code"
CITY_HEADINGS = (CITY_COLUMN, "城市", "城市代码")
"""Headings of the column that says whose row it is; needed once a month has two cities."""


@dataclass(frozen=True)
class FeedColumn:
    """A column of a feed. `limits` has the valid range per group that reports the column."""

    feed: str
    name: str
    label: str
    value_type: str
    is_required: bool
    description: str
    is_printed: bool = False
    """Whether it holds published scores, of which none is not applicable."""
    limits: dict[Group, Limits] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Feed:
    """A monthly file: its first column and the others in order.

    `rows` are what a row may be about, in official order: units, or city-level figures by city.
    """

    name: str
    label: str
    key: str
    key_label: str
    is_required: bool
    description: str
    has_metrics: bool
    columns: tuple[FeedColumn, ...]
    rows: tuple[Row, ...]

    def seed_name(self, month: str) -> str:
        """File name of the feed's seed in `month`, such as 2023_07."""
        return f"raw_{self.name}__{month}.csv"


@dataclass(frozen=True)
class Layout:
    """Everything that the files of a month are measured by."""

    reference: Reference
    feeds: tuple[Feed, ...]

    @property
    def month(self) -> str:
        """The month, such as 2023_07."""
        return self.reference.folder

    @property
    def only_city(self) -> str | None:
        """The city of a file that names none; None where the month has two."""
        cities = self.reference.cities
        return cities[0]["city_code"] if len(cities) == 1 else None

    @cached_property
    def units_by_name(self) -> dict[tuple[str, str], Row]:
        """Units by city and compact name, their aliases included."""
        units = {unit["unit_id"]: unit for unit in self.reference.units}
        named = (*self.reference.aliases, *self.reference.units)
        return {
            (row[CITY_COLUMN], compact(row.get("alias_name") or row["unit_name"])): units[
                row["unit_id"]
            ]
            for row in named
        }

    @cached_property
    def words(self) -> Words:
        """What the intake knows beside figures."""
        return Words(self.reference.words)

    @cached_property
    def imputed(self) -> dict[tuple[str, str, str], str]:
        """Erratum by (city, unit name, indicator) of every cell that is imputed in the month."""
        return {
            (row[CITY_COLUMN], row["unit_name"], row["indicator_code"]): row["erratum_id"]
            for row in self.reference.imputed
        }

    def titled(self, city: str, name: str) -> str:
        """A name of a city's, with the city where the month has two."""
        names = {row[CITY_COLUMN]: row["city_name"] for row in self.reference.cities}
        return name if len(names) < 2 else f"{names.get(city, city)} {name}"

    def feed(self, name: str) -> Feed:
        """The feed called `name`."""
        return next(feed for feed in self.feeds if feed.name == name)


def group_of(unit: Row) -> Group:
    """City and group of a unit."""
    return unit["city_code"], unit["group_code"]


def layout_of(reference: Reference) -> Layout:
    """The layout of a month's files."""
    return Layout(reference, tuple(_feed(reference, row) for row in reference.feeds))


def _feed(reference: Reference, row: Row) -> Feed:
    has_metrics = row["feed_kind"] == "city_metrics"
    columns = COLUMNS[row["feed_kind"]](reference, row["feed_code"])
    groups = {group for column in columns for group in column.limits}
    return Feed(
        name=row["feed_code"],
        label=row["feed_name"],
        key=row["key_column"],
        key_label=row["key_label"],
        is_required=row["is_required"],
        description=row["description"],
        has_metrics=has_metrics,
        columns=columns,
        rows=tuple(
            {**metric, CITY_COLUMN: city[CITY_COLUMN]}
            for city in reference.cities
            for metric in reference.city_metrics
        )
        if has_metrics
        else tuple(unit for unit in reference.units if group_of(unit) in groups),
    )


def _metric_columns(reference: Reference, feed: str) -> tuple[FeedColumn, ...]:
    return tuple(
        FeedColumn(
            feed,
            row["column_name"],
            row["column_label"],
            row["value_type"],
            False,
            row["description"],
        )
        for row in reference.feed_columns
        if row["feed_code"] == feed
    )


def _indicator_columns(reference: Reference, feed: str) -> tuple[FeedColumn, ...]:
    limits: dict[str, dict[Group, Limits]] = {}
    for row in reference.group_indicators:
        maximum = row["valid_max"]
        if maximum is None and row["value_type"] == "points":
            maximum = row["max_points"]
        for group in _groups(reference, row["group_code"]):
            limits.setdefault(row["indicator_code"], {})[group] = row["valid_min"], maximum
    return tuple(
        FeedColumn(
            feed,
            row["indicator_code"],
            row["indicator_name"],
            row["value_type"],
            row["is_required"],
            row["description"],
            limits=limits.get(row["indicator_code"], {}),
        )
        for row in reference.indicators
        if row["dimension_code"] == feed
    )


def _published_columns(reference: Reference, feed: str) -> tuple[FeedColumn, ...]:
    labels = {row["column_name"]: row["view_column_name"] for row in reference.annex_columns}
    limits: dict[str, dict[Group, Limits]] = {}
    totals: dict[Group, Limits] = {}
    for row in reference.weights:
        group, weight = group_of(row), row["weight"]
        limits.setdefault(f"{row['dimension_code']}_score", {})[group] = Decimal(0), weight
        totals[group] = Decimal(0), (totals.get(group, (None, None))[1] or 0) + weight
    limits["composite_score"] = totals
    return tuple(
        FeedColumn(feed, name, label, "points", True, label, is_printed=True, limits=limits[name])
        for name in limits
        for label in [labels.get(name, name)]
    )


def _groups(reference: Reference, code: str) -> Iterable[Group]:
    return ((city[CITY_COLUMN], code) for city in reference.cities)


COLUMNS = {
    "indicators": _indicator_columns,
    "city_metrics": _metric_columns,
    "published_scores": _published_columns,
}
"""Columns of a feed by its kind."""
