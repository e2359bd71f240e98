"""A month's values, each with the cell that it came from."""

from dataclasses import dataclass, field

from ywtb.assessment.problem import Problem
from ywtb.intake.layout import CITY_FEED, Feed, Layout
from ywtb.intake.sources import Source
from ywtb.intake.tables import Table


@dataclass(frozen=True)
class Entry:
    """A value of the month and the cell that it came from; row and column are counted from 0."""

    value: str
    seen: str
    source: Source
    table: Table
    row: int
    column: int
    label: str

    def problem(self, seen: str, expected: str, unit: str | None) -> Problem:
        """A problem of the cell."""
        return Problem(
            self.table.file, self.row + 1, self.label, seen, expected, unit, self.table.sheet
        )


@dataclass
class Month:
    """Entries by feed, then by row key (unit name or metric code), then by column."""

    layout: Layout
    feeds: dict[str, dict[str, dict[str, Entry]]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def seed_rows(self, feed: Feed) -> list[list[str]]:
        """The feed's seed: header, then rows in official order. Only for a month in order."""
        received = self.feeds[feed.name]
        rows = [[feed.key, *(column.name for column in feed.columns)]]
        for key in self.keys(feed):
            if key in received:
                cells = received[key]
                values = [
                    cells[column.name].value if column.name in cells else ""
                    for column in feed.columns
                ]
                rows.append([key, *values])
        return rows

    def keys(self, feed: Feed) -> list[str]:
        """Row keys of a feed in order."""
        if feed.name == CITY_FEED:
            return [metric.code for metric in self.layout.metrics]
        return [unit.name for unit in self.layout.units_of(feed)]
