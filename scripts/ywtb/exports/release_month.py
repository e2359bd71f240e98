"""What the exports of a city's month are made from: read once, from the published release alone."""

import calendar
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import Any

import duckdb

from ywtb.assessment.reference import month_of
from ywtb.assessment.sql import literal
from ywtb.release.queries import Row, rows

TOTALS = "marts.fct_composite_scores"
PUBLIC_SCHEMAS = ("marts", "audit")
"""Every table of these that holds months is read."""

OTHER_TABLES = (
    "audit.release_checks",
    "intermediate.int_annex_columns_monthly",
    "intermediate.int_annex_notes_monthly",
    "intermediate.int_annexes_monthly",
    "intermediate.int_bulletin_options_monthly",
    "intermediate.int_bulletin_problems_monthly",
    "intermediate.int_cities_monthly",
    "intermediate.int_dimension_weights_monthly",
    "intermediate.int_group_indicators_monthly",
    "intermediate.int_rule_curves",
    "intermediate.int_rules_monthly",
    "intermediate.int_unit_documents_monthly",
    "reference.bulletin_dimensions",
    "reference.change_causes",
    "reference.cities",
    "reference.city_metrics",
    "reference.dimensions",
    "reference.feeds",
    "reference.groups",
    "reference.rectification_statuses",
    "reference.rule_bases",
    "reference.stages",
)
"""What else is read: layouts and rules in force, names, and what was tested."""

USED = (
    ("reference.city_metrics", "metric_code", "marts.fct_city_metrics"),
    ("reference.dimensions", "dimension_code", "intermediate.int_dimension_weights_monthly"),
    ("reference.groups", "group_code", "marts.dim_units"),
    ("reference.rule_bases", "basis", "marts.dim_rules"),
)
"""Undated tables of which a month has only the rows whose code is used in another of its tables."""

FILE_NAME = re.compile(r"(?=.*[一-龥])[\w（）]{1,60}")
"""What a file may be called on every system."""


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

    `values` and `texts` hold the same cells, row by row: as figures with the printed decimals,
    rates as percentages, None for texts and what is not applicable; and as printed.
    """

    number: int
    mart: str
    title: str
    period_line: str
    columns: tuple[AnnexColumn, ...]
    headings: tuple[Heading, ...]
    values: tuple[tuple[Decimal | None, ...], ...]
    texts: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]

    @property
    def heading_rows(self) -> int:
        """How many rows the headings take."""
        return max(heading.row + heading.row_span for heading in self.headings)


@dataclass(frozen=True)
class ReleaseMonth:
    """A published month of a city, with everything that its exports show.

    Attributes:
        month: such as `2023-06`.
        release: id of the release that it was read from; blank before that is sealed.
        tables: rows by `schema.table`: this month's and this city's, where a table tells them
            apart; of undated ones what the month uses.
        totals: rows of `marts.fct_composite_scores` of this and every earlier month that it may be
            compared with, oldest first.
        annexes: those that print anything, in order.
    """

    month: str
    release: str
    tables: Mapping[str, Sequence[Row]]
    totals: Sequence[Row]
    annexes: tuple[Annex, ...]

    @cached_property
    def first_day(self) -> date:
        """First day of the month."""
        return month_of(self.month)

    @cached_property
    def city(self) -> Row:
        """The city whose units are scored, as `reference.cities` has it."""
        (city,) = self.tables["reference.cities"]
        return city

    @property
    def state(self) -> Row:
        """How far the month has come, as `marts.dim_months` has it."""
        (state,) = self.tables["marts.dim_months"]
        return state

    @property
    def stage(self) -> str:
        """How far the month has come: draft or final."""
        return str(self.state["stage"])

    @property
    def mark(self) -> str | None:
        """What every page is marked with while the month is a draft."""
        marks = {row["stage"]: row["page_mark"] for row in self.tables["reference.stages"]}
        mark: str | None = marks[self.stage]
        return mark

    @property
    def is_only_city(self) -> bool:
        """Whether no other city has units in the month."""
        (city,) = self.tables["intermediate.int_cities_monthly"]
        return bool(city["is_only"])

    @cached_property
    def period(self) -> str:
        """The month's first to last day, as annexes print it."""
        return period(self.first_day)

    @cached_property
    def groups(self) -> Mapping[str, Row]:
        """Groups by code, in order; so are the others below."""
        return self._by_code("reference.groups", "group_code", "group_order")

    @cached_property
    def dimensions(self) -> Mapping[str, Row]:
        """Dimensions by code."""
        return self._by_code("reference.dimensions", "dimension_code", "dimension_order")

    @cached_property
    def indicators(self) -> Mapping[str, Row]:
        """Indicators that a group reports, by code: by dimension, in order of each."""
        found = self._by_code("marts.dim_indicators", "indicator_code", "indicator_order")
        reported = {
            row["indicator_code"]
            for row in self.tables["intermediate.int_group_indicators_monthly"]
            if row["group_code"] in self.groups
        }
        used = {code: row for code, row in found.items() if code in reported}
        return _within(used, "dimension_code", self.dimensions)

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
        found = self._by_code("marts.dim_units", "unit_id", "official_order")
        return _within(found, "group_code", self.groups)

    @cached_property
    def uses(self) -> Sequence[Row]:
        """Which group reports which indicator, by what rule and for how many points; in order."""
        groups, indicators = list(self.groups), list(self.indicators)
        return sorted(
            (
                row
                for row in self.tables["intermediate.int_group_indicators_monthly"]
                if row["group_code"] in self.groups and row["indicator_code"] in self.indicators
            ),
            key=lambda row: (
                indicators.index(row["indicator_code"]),
                groups.index(row["group_code"]),
            ),
        )

    @cached_property
    def senders(self) -> Mapping[tuple[str, str], str]:
        """File, sheet and cell of the sender by unit and indicator, where they are known."""
        return {
            (row["row_key"], row["column_name"]): " ".join(
                filter(None, (row["source_file"], row["source_sheet"], row["source_cell"]))
            )
            for row in self.tables["audit.cell_sources"]
        }

    def origin(self, row: Row) -> str:
        """Where the value of an observation, or of a line of the ledger, comes from.

        The cell in the unit's own file, else in the monthly one, else what supplied it; blank for
        a line that has no value.
        """
        if row["source_file"] is None:
            return f"勘误 {row['erratum_id']}" if row["erratum_id"] else ""
        where = f"第 {row['source_row']} 行" if row["source_row"] else "按办件记录统计"
        sent = self.senders.get((row["unit_name"], row["indicator_code"]))
        return sent or f"{row['source_file']} {where}"

    def _by_code(self, table: str, code: str, order: str) -> dict[str, Row]:
        return {row[code]: row for row in sorted(self.tables[table], key=itemgetter(order))}


def _within(found: Mapping[str, Row], column: str, parents: Iterable[str]) -> dict[str, Row]:
    """Rows by code, those of the first parent first; of parents that are not there, none."""
    return {code: row for parent in parents for code, row in found.items() if row[column] == parent}


def grouped(table: Iterable[Row], *columns: str) -> dict[Any, list[Row]]:
    """Rows by the value of a column, or by those of several as a tuple, as they first come."""
    key = itemgetter(*columns)
    found: dict[Any, list[Row]] = {}
    for row in table:
        found.setdefault(key(row), []).append(row)
    return found


def unit_documents(
    month: ReleaseMonth, document_code: str, suffix: str
) -> Iterator[tuple[Row, str]]:
    """Units with the path of a document within the month's folder, if it is made in the month.

    A file is called like its unit, or by its id where the name is not one that every system takes.
    """
    for document in month.tables["intermediate.int_unit_documents_monthly"]:
        if document["document_code"] == document_code:
            for unit in month.units.values():
                name = unit["unit_name"]
                name = name if FILE_NAME.fullmatch(name) else unit["unit_id"]
                yield unit, f"{document['document_name']}/{name}{suffix}"


def period(first_day: date) -> str:
    """A month's first to last day, such as `6月1日—6月30日`."""
    last = calendar.monthrange(first_day.year, first_day.month)[1]
    return f"{first_day.month}月1日—{first_day.month}月{last}日"


def final_months(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Final months of a release, such as `2023-06`, each with every city that has units in it."""
    found = (
        "select strftime(score_month, '%Y-%m') as month, city_code "
        "from intermediate.int_cities_monthly"
    )
    final = f"{found} semi join (from marts.dim_months where stage = 'final') using (score_month)"
    try:
        return connection.execute(f"{final} order by all").fetchall()
    except duckdb.CatalogException:  # of earlier code, which knew no drafts
        return connection.execute(f"{found} order by all").fetchall()


def read_month(connection: duckdb.DuckDBPyConnection, month: str, city_code: str) -> ReleaseMonth:
    """Read a city's month of a release.

    Args:
        connection: the release, from `ywtb.release.queries.open_release`.
        month: one of its months, such as `2023-06`.
        city_code: a city with units in that month.
    """
    first_day = month_of(month)
    conditions = {
        "score_month": f"score_month = date '{first_day}'",
        "city_code": f"(city_code = {literal(city_code)} or city_code is null)",
    }

    def read(source: str, *where: str) -> list[Row]:
        schema, table = source.split(".")
        condition = " and ".join(["true", *where])
        select = f'select * from "{schema}"."{table}" where {condition} order by all'  # noqa: S608
        return rows(connection, select)

    columns = grouped(
        rows(
            connection,
            "select schema_name, schema_name || '.' || table_name as source, column_name "
            "from duckdb_columns()",
        ),
        "source",
    )
    tables = {}
    for source, members in sorted(columns.items()):
        names = [member["column_name"] for member in members]
        is_public = members[0]["schema_name"] in PUBLIC_SCHEMAS and "score_month" in names
        if is_public or source in OTHER_TABLES:
            tables[source] = read(
                source, *(conditions[each] for each in conditions if each in names)
            )
    for table, code, source in USED:
        used = {row[code] for row in tables[source]}
        tables[table] = [row for row in tables[table] if row[code] in used]
    earlier = f"score_month <= date '{first_day}'"
    if any(state["stage"] == "final" for state in tables.get("marts.dim_months", ())):
        # What is final knows nothing of drafts.
        earlier += " and stage = 'final'"
    totals = read(TOTALS, earlier, conditions["city_code"])
    named = connection.execute("select release_id from audit.release_manifest").fetchone()
    return ReleaseMonth(
        month, named[0] if named else "", tables, totals, tuple(_annexes(tables, first_day))
    )


def _annexes(tables: Mapping[str, Sequence[Row]], first_day: date) -> Iterator[Annex]:
    """The annexes of which `audit.annex_cells` has cells, in order."""
    annexes = {row["annex_no"]: row for row in tables["intermediate.int_annexes_monthly"]}
    columns = grouped(tables["intermediate.int_annex_columns_monthly"], "annex_no", "column_no")
    notes = grouped(tables["intermediate.int_annex_notes_monthly"], "annex_no")
    cells = sorted(tables["audit.annex_cells"], key=itemgetter("annex_no", "row_no", "column_no"))
    for number, printed in grouped(cells, "annex_no").items():
        annex = annexes[number]
        lines = list(grouped(printed, "row_no").values())
        described = [columns[number, cell["column_no"]][0] for cell in lines[0]]
        paths = [column["header_path"].split("|") for column in described]
        yield Annex(
            number=number,
            mart=annex["mart_name"],
            title=annex["annex_title"],
            period_line=_dated(annex["period_line"] or "", first_day),
            columns=tuple(
                AnnexColumn(column["column_name"], path[-1], column["number_format"])
                for column, path in zip(described, paths, strict=True)
            ),
            headings=tuple(_headings(paths)),
            values=tuple(
                tuple(
                    None
                    if cell["cell_value"] is None
                    else round(cell["cell_value"], column["decimals"])
                    for cell, column in zip(line, described, strict=True)
                )
                for line in lines
            ),
            texts=tuple(tuple(cell["cell_text"] for cell in line) for line in lines),
            notes=tuple(
                _dated(note["note_text"], first_day)
                for note in sorted(notes.get(number, []), key=itemgetter("note_no"))
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
