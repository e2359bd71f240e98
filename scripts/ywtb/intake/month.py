"""A month's values, each with the cell that it came from."""

from dataclasses import dataclass, field

from ywtb.assessment.problem import Problem
from ywtb.intake.layout import CITY_COLUMN, Feed, Layout
from ywtb.intake.notes import Notes
from ywtb.intake.sources import Source
from ywtb.intake.tables import Table, cell_name

Key = tuple[str, str]
"""City code, and unit name or metric code."""


@dataclass(frozen=True)
class ReceivedValue:
    """A value of the month and the cell that it came from; row and column are counted from 0."""

    value: str
    seen: str
    source: Source
    table: Table
    row: int
    column: int
    label: str
    taken_in_at: str = ""
    """The entry of the archive that it came with; blank while it is only being taken in."""

    @property
    def place(self) -> str:
        """Where it stands, as people find it: file, sheet, cell."""
        sheet = f" [{self.table.sheet}]" if self.table.sheet else ""
        return f"{self.table.file}{sheet} {cell_name(self.row, self.column)}"

    def problem(self, seen: str, expected: str, unit: str | None) -> Problem:
        """A problem of the cell."""
        return Problem(
            self.table.file,
            self.row + 1,
            self.label,
            seen,
            expected,
            unit,
            self.table.sheet,
            cell=cell_name(self.row, self.column),
        )


Received = dict[Key, dict[str, ReceivedValue]]
"""Values of a feed by row, then by column."""


@dataclass
class ReceivedMonth:
    """Values by feed.

    `with_city` are the feeds of which a file named its city, `refused` those of which one did not
    where it should. `written` are the rows of a feed's seed with the names that they keep there,
    where these are not the official ones, and `columns` its columns in their order there.
    """

    layout: Layout
    feeds: dict[str, Received] = field(default_factory=dict)
    with_city: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    written: dict[str, dict[Key, str]] = field(default_factory=dict)
    columns: dict[str, list[str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: Notes = field(default_factory=Notes)

    def seed_rows(self, feed: Feed) -> list[list[str]]:
        """The feed's seed: header, then rows in official order. Only for a month in order."""
        received = self.feeds[feed.name]
        names = self.columns.get(feed.name) or [column.name for column in feed.columns]
        rows = [[feed.key, *names]]
        for key in self.keys(feed):
            cells = received[key]
            written = self.written.get(feed.name, {}).get(key, key[1])
            rows.append([written, *(cells[name].value if name in cells else "" for name in names)])
        if feed.name in self.with_city:
            cities = [CITY_COLUMN, *(city for city, _ in self.keys(feed))]
            rows = [[city, *row] for city, row in zip(cities, rows, strict=True)]
        return rows

    def keys(self, feed: Feed) -> list[Key]:
        """What the rows of the feed's seed are about, in their order."""
        official = [(row[CITY_COLUMN], row[feed.key]) for row in feed.rows]
        keys = dict.fromkeys([*self.written.get(feed.name, {}), *official])
        return [key for key in keys if key in self.feeds[feed.name]]
