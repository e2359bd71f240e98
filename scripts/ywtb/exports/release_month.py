"""What the exports of a month are made from: read once, from the published release alone."""

import calendar
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import Any

import duckdb

from ywtb.release.queries import Row, rows

Value = Decimal | int | str | None
"""A cell of an annex mart: rates are percentages, not applicable is None."""

RULES_TABLES = (
    "intermediate.int_dimension_weights_monthly",
    "intermediate.int_group_indicators_monthly",
    "intermediate.int_rules_monthly",
    "intermediate.int_units_monthly",
)
"""The rules in force: read for the month, like every table of `marts` and `audit`."""

REFERENCE_TABLES = (
    "reference.annex_columns",
    "reference.annex_notes",
    "reference.annexes",
    "reference.bulletin_problems",
    "reference.cities",
    "reference.city_metrics",
    "reference.dimensions",
    "reference.feeds",
    "reference.groups",
    "reference.indicators",
    "reference.rule_bases",
    "reference.rule_kinds",
)
"""Names and layouts, which are read whole."""

HISTORY_TABLES = (
    "marts.fct_composite_scores",
    "marts.fct_dimension_scores",
    "marts.fct_year_to_date_scores",
)
"""Tables that are also read for every earlier month."""


@dataclass(frozen=True)
class Heading:
    """A cell of an annex's stacked headings; rows and columns count from 0."""

    text: str
    row: int
    column: int
    row_span: int
    column_span: int


@dataclass(frozen=True)
class AnnexColumn:
    """A printed column: its name in the mart, its own heading, and how its numbers are printed."""

    name: str
    label: str
    number_format: str


@dataclass(frozen=True)
class Annex:
    """An annex of a month in its official layout.

    `values` and `texts` hold the same cells, row by row: as in the mart, and as printed.
    """

    number: int
    mart: str
    title: str
    period_line: str
    columns: tuple[AnnexColumn, ...]
    headings: tuple[Heading, ...]
    values: tuple[tuple[Value, ...], ...]
    texts: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]

    @property
    def heading_rows(self) -> int:
        """How many rows the headings take."""
        return max(heading.row + heading.row_span for heading in self.headings)


@dataclass(frozen=True)
class ReleaseMonth:
    """A published month, with everything that its exports show.

    Attributes:
        month: such as `2023-06`.
        release: id of the release that it was read from.
        tables: rows by `schema.table`: this month's where a table has a `score_month`.
        history: rows of this and every earlier month, oldest first, of `HISTORY_TABLES`.
        annexes: in order.
    """

    month: str
    release: str
    tables: Mapping[str, Sequence[Row]]
    history: Mapping[str, Sequence[Row]]
    annexes: tuple[Annex, ...]

    @cached_property
    def first_day(self) -> date:
        """First day of the month."""
        return date.fromisoformat(f"{self.month}-01")

    @cached_property
    def city(self) -> Row:
        """The city whose units are scored, as `reference.cities` has it."""
        (code,) = {row["city_code"] for row in self.tables["marts.fct_composite_scores"]}
        return next(row for row in self.tables["reference.cities"] if row["city_code"] == code)

    @cached_property
    def period(self) -> str:
        """The month's first to last day, as annexes print it."""
        return period(self.first_day)

    @cached_property
    def groups(self) -> Mapping[str, Row]:
        """Rows of `reference.groups` by code, in order; so are the others below."""
        return self._by_code("reference.groups", "group_code", "group_order")

    @cached_property
    def dimensions(self) -> Mapping[str, Row]:
        """Dimensions by code."""
        return self._by_code("reference.dimensions", "dimension_code", "dimension_order")

    @cached_property
    def indicators(self) -> Mapping[str, Row]:
        """Indicators by code: by dimension, in order of each."""
        found = self._by_code("reference.indicators", "indicator_code", "indicator_order")
        order = list(self.dimensions)
        return dict(sorted(found.items(), key=lambda each: order.index(each[1]["dimension_code"])))

    @cached_property
    def feeds(self) -> Mapping[str, Row]:
        """Feeds by code."""
        return self._by_code("reference.feeds", "feed_code", "feed_order")

    @cached_property
    def bases(self) -> Mapping[str, Row]:
        """Grounds of rules by code, the strongest first."""
        return self._by_code("reference.rule_bases", "basis", "basis_order")

    @cached_property
    def units(self) -> Mapping[str, Row]:
        """Units by id, in official order."""
        found = self._by_code("intermediate.int_units_monthly", "unit_id", "official_order")
        order = list(self.groups)
        return dict(sorted(found.items(), key=lambda each: order.index(each[1]["group_code"])))

    def _by_code(self, table: str, code: str, order: str) -> dict[str, Row]:
        return {row[code]: row for row in sorted(self.tables[table], key=itemgetter(order))}


def grouped(table: Iterable[Row], *columns: str) -> dict[Any, list[Row]]:
    """Rows by the value of a column, or by those of several as a tuple, as they first come."""
    key = itemgetter(*columns)
    found: dict[Any, list[Row]] = {}
    for row in table:
        found.setdefault(key(row), []).append(row)
    return found


def period(first_day: date) -> str:
    """A month's first to last day, such as `6月1日—6月30日`."""
    last = calendar.monthrange(first_day.year, first_day.month)[1]
    return f"{first_day.month}月1日—{first_day.month}月{last}日"


def read_month(connection: duckdb.DuckDBPyConnection, month: str) -> ReleaseMonth:
    """Read a month of a release.

    Args:
        connection: the release, from `ywtb.release.queries.open_release`.
        month: one of its months, such as `2023-06`.
    """
    first_day = f"{month}-01"
    monthly = [*_public_tables(connection), *RULES_TABLES]
    tables = {
        **{
            name: _read(connection, name, "score_month = cast(? as date)", [first_day])
            for name in monthly
        },
        **{name: _read(connection, name) for name in REFERENCE_TABLES},
    }
    history = {
        name: _read(connection, name, "score_month <= cast(? as date)", [first_day])
        for name in HISTORY_TABLES
    }
    ((release,),) = connection.execute("select release_id from audit.release_manifest").fetchall()
    annexes = tuple(_annexes(tables, date.fromisoformat(first_day)))
    return ReleaseMonth(month, release, tables, history, annexes)


def _public_tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The tables of `marts` and `audit` that hold months."""
    found = connection.execute(
        "select schema_name || '.' || table_name from duckdb_columns() "
        "where schema_name in ('marts', 'audit') and column_name = 'score_month' order by 1"
    )
    return [name for (name,) in found.fetchall()]


def _read(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    condition: str = "true",
    values: Sequence[str] = (),
) -> list[Row]:
    schema, table = name.split(".")
    select = f'select * from "{schema}"."{table}" where {condition} order by all'  # noqa: S608
    return rows(connection, select, values)


def _annexes(tables: Mapping[str, Sequence[Row]], first_day: date) -> Iterator[Annex]:
    """The annexes in order, from the marts, `audit.annex_cells` and the annex seeds."""
    columns = grouped(tables["reference.annex_columns"], "annex_no")
    notes = grouped(tables["reference.annex_notes"], "annex_no")
    cells = grouped(tables["audit.annex_cells"], "annex_no")
    for annex in sorted(tables["reference.annexes"], key=lambda each: each["annex_no"]):
        number = annex["annex_no"]
        printed = sorted(columns[number], key=lambda each: each["column_no"])
        mart = sorted(tables[f"marts.{annex['mart_name']}"], key=lambda each: each["sequence_no"])
        texts = {(cell["row_no"], cell["column_name"]): cell["cell_text"] for cell in cells[number]}
        yield Annex(
            number=number,
            mart=annex["mart_name"],
            title=annex["annex_title"],
            period_line=_dated(annex["period_line"] or "", first_day),
            columns=tuple(
                AnnexColumn(
                    each["column_name"], each["header_path"].split("|")[-1], each["number_format"]
                )
                for each in printed
            ),
            headings=tuple(_headings([each["header_path"].split("|") for each in printed])),
            values=tuple(tuple(row[each["column_name"]] for each in printed) for row in mart),
            texts=tuple(
                tuple(texts[row["sequence_no"], each["column_name"]] for each in printed)
                for row in mart
            ),
            notes=tuple(
                _dated(each["note_text"], first_day)
                for each in sorted(notes.get(number, []), key=lambda each: each["note_no"])
            ),
        )


def _dated(text: str, first_day: date) -> str:
    return text.replace("{period}", period(first_day))


def _headings(paths: Sequence[Sequence[str]]) -> Iterator[Heading]:
    """Lay out heading paths: neighbours with one parent share its cell, leaves reach down."""
    depth = max(len(path) for path in paths)
    for level in range(depth):
        numbered = enumerate(paths)
        for prefix, members in groupby(numbered, key=lambda each: tuple(each[1][: level + 1])):
            places = [place for place, _ in members]
            if len(prefix) <= level:
                continue
            is_leaf = len(paths[places[0]]) == level + 1
            yield Heading(
                prefix[-1], level, places[0], depth - level if is_leaf else 1, len(places)
            )
