"""What a month's files must hold: units, feeds, columns and limits, all from the seeds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from ywtb.project import Project

Row = dict[str, str]
Limits = tuple[Decimal | None, Decimal | None]

CITY_FEED = "city_metrics"
PUBLISHED_FEED = "published_scores"


@dataclass(frozen=True)
class Unit:
    """A unit as it stands in the month."""

    unit_id: str
    name: str
    group_code: str
    group_name: str
    aliases: tuple[str, ...]


@dataclass(frozen=True)
class Column:
    """A column of a feed. `limits` has the valid range per group that reports the column."""

    feed: str
    name: str
    label: str
    value_type: str
    is_required: bool
    description: str
    limits: dict[str, Limits] = field(hash=False)


@dataclass(frozen=True)
class Metric:
    """A city-level figure."""

    code: str
    name: str
    value_type: str
    value_unit: str


@dataclass(frozen=True)
class Feed:
    """A monthly file: its first column and the others in order."""

    name: str
    label: str
    key: str
    key_label: str
    is_required: bool
    description: str
    columns: tuple[Column, ...]

    def seed_name(self, month: str) -> str:
        """File name of the feed's seed in `month`, such as 2023_07."""
        return f"raw_{self.name}__{month}.csv"


@dataclass(frozen=True)
class AnnexColumn:
    """A printed column: its heading from top to bottom and what it stands for."""

    column: str
    path: tuple[str, ...]
    view_name: str


@dataclass(frozen=True)
class CellCorrection:
    """A correction that expects a certain text in a certain cell of the month."""

    erratum_id: str
    feed: str
    row: int
    column: str
    value: str


@dataclass(frozen=True)
class Layout:
    """Everything that the files of `month`, such as 2023_07, are measured by."""

    month: str
    units: tuple[Unit, ...]
    feeds: tuple[Feed, ...]
    metrics: tuple[Metric, ...]
    annexes: tuple[tuple[AnnexColumn, ...], ...]
    imputed: dict[tuple[str, str], str]
    """Erratum by (unit name, indicator) of every cell that is imputed in the month."""
    corrections: tuple[CellCorrection, ...]

    def units_of(self, feed: Feed) -> list[Unit]:
        """Units that report anything in the feed, in official order."""
        groups = {group for column in feed.columns for group in column.limits}
        return [unit for unit in self.units if unit.group_code in groups]

    def feed(self, name: str) -> Feed:
        """The feed called `name`."""
        return next(feed for feed in self.feeds if feed.name == name)


def read_layout(project: Project, month: str) -> Layout:
    """Read the layout of `month`, such as 2023_07, from the reference and errata seeds."""
    first_day = f"{month.replace('_', '-')}-01"
    errata = {
        row["erratum_id"]
        for row in project.seed("errata/errata")
        if row["score_month"] == first_day
    }
    return Layout(
        month=month,
        units=tuple(_units(project, first_day)),
        feeds=tuple(_feeds(project, first_day)),
        metrics=tuple(
            Metric(row["metric_code"], row["metric_name"], row["value_type"], row["value_unit"])
            for row in project.reference("city_metrics")
        ),
        annexes=tuple(_annexes(project)),
        imputed={
            (row["unit_name"], row["indicator_code"]): row["erratum_id"]
            for row in project.seed("errata/imputed_cells")
            if row["erratum_id"] in errata
        },
        corrections=tuple(
            CellCorrection(
                row["erratum_id"],
                row["feed"],
                int(row["row_no"]),
                row["column_name"],
                row["printed_value"],
            )
            for row in project.seed("errata/cell_corrections")
            if row["erratum_id"] in errata
        ),
    )


def in_force(rows: Iterable[Row], key: Sequence[str], first_day: str) -> list[Row]:
    """Of every key the newest row that is not after the month, unless it has ended."""
    newest: dict[tuple[str, ...], Row] = {}
    for row in rows:
        if row["valid_from"] <= first_day:
            identity = tuple(row[name] for name in key)
            if identity not in newest or row["valid_from"] > newest[identity]["valid_from"]:
                newest[identity] = row
    return [row for row in newest.values() if not row["valid_to"] or row["valid_to"] >= first_day]


def _units(project: Project, first_day: str) -> list[Unit]:
    groups = {row["group_code"]: row for row in project.reference("groups")}
    aliases: dict[str, list[str]] = {}
    for row in project.reference("unit_aliases"):
        aliases.setdefault(row["unit_id"], []).append(row["alias_name"])
    rows = in_force(project.reference("units"), ["unit_id"], first_day)
    rows.sort(
        key=lambda row: (groups[row["group_code"]]["group_order"], int(row["official_order"]))
    )
    return [
        Unit(
            row["unit_id"],
            row["unit_name"],
            row["group_code"],
            groups[row["group_code"]]["group_name"],
            tuple(aliases.get(row["unit_id"], ())),
        )
        for row in rows
    ]


def _feeds(project: Project, first_day: str) -> list[Feed]:
    columns: dict[str, list[Column]] = {CITY_FEED: [], PUBLISHED_FEED: []}
    reported = in_force(
        project.reference("group_indicators"), ["group_code", "indicator_code"], first_day
    )
    for row in sorted(project.reference("indicators"), key=lambda row: int(row["indicator_order"])):
        caps = {
            each["group_code"]: each["max_points"]
            for each in reported
            if each["indicator_code"] == row["indicator_code"]
        }
        is_points = row["value_type"] == "points"
        column = Column(
            feed=row["dimension_code"],
            name=row["indicator_code"],
            label=row["indicator_name"],
            value_type=row["value_type"],
            is_required=row["is_required"] == "true",
            description=row["description"],
            limits={
                group: (
                    _decimal(row["valid_min"]),
                    _decimal(row["valid_max"] or (cap if is_points else "")),
                )
                for group, cap in caps.items()
            },
        )
        if caps:
            columns.setdefault(column.feed, []).append(column)
    for row in project.reference("feed_columns"):
        columns[row["feed_code"]].append(
            Column(
                row["feed_code"],
                row["column_name"],
                row["column_label"],
                row["value_type"],
                False,
                row["description"],
                {},
            )
        )
    columns[PUBLISHED_FEED] = _published_columns(project, first_day)
    feeds = sorted(project.reference("feeds"), key=lambda row: int(row["feed_order"]))
    return [
        Feed(
            row["feed_code"],
            row["feed_name"],
            row["key_column"],
            row["key_label"],
            row["is_required"] == "true",
            row["description"],
            tuple(columns.get(row["feed_code"], ())),
        )
        for row in feeds
    ]


def _published_columns(project: Project, first_day: str) -> list[Column]:
    labels = {
        row["column_name"]: row["view_column_name"] for row in project.reference("annex_columns")
    }
    limits: dict[str, dict[str, Limits]] = {}
    totals: dict[str, Decimal] = {}
    for row in in_force(
        project.reference("dimension_weights"), ["dimension_code", "group_code"], first_day
    ):
        group, weight = row["group_code"], Decimal(row["weight"])
        limits.setdefault(f"{row['dimension_code']}_score", {})[group] = (Decimal(0), weight)
        totals[group] = totals.get(group, Decimal(0)) + weight
    limits["composite_score"] = {group: (Decimal(0), total) for group, total in totals.items()}
    return [
        Column(PUBLISHED_FEED, name, labels[name], "points", True, labels[name], limits[name])
        for name in limits
    ]


def _annexes(project: Project) -> list[tuple[AnnexColumn, ...]]:
    annexes: dict[int, list[AnnexColumn]] = {}
    rows = sorted(project.reference("annex_columns"), key=lambda row: int(row["column_no"]))
    for row in rows:
        annexes.setdefault(int(row["annex_no"]), []).append(
            AnnexColumn(
                row["column_name"], tuple(row["header_path"].split("|")), row["view_column_name"]
            )
        )
    return [tuple(columns) for _, columns in sorted(annexes.items())]


def _decimal(text: str) -> Decimal | None:
    return Decimal(text) if text else None
