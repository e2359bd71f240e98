"""A month of a release computed again, in memory, by the SQL that the release was built with."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from ywtb.assessment.problem import Failure
from ywtb.assessment.sql import literal
from ywtb.release.queries import rows

RELEASE = "release"
"""Catalog of the release, beside `ywtb`, which compiled SQL names."""

EARLIER = "earlier"
"""Catalog of an earlier release beside it."""

INPUT_PROBLEMS = "audit.input_problems"

CHANGES = (
    "fct_monthly_changes",
    "int_indicator_changes",
    "int_dimension_changes",
    "fct_score_change_effects",
)
"""Models that tell why a month differs from an earlier one: not run unless they are named."""


class NoScoringError(Exception):
    """The release was built before releases kept the SQL of their models."""


@dataclass(frozen=True)
class Model:
    """A model that ran: its name, the table that it made, the tables that it read, its SQL.

    Tables are written with their schema, such as `marts.fct_composite_scores`.
    """

    name: str
    table: str
    tables_read: list[str]
    sql: str


@dataclass(frozen=True)
class Check:
    """A data test: its name, what it asserts, and SQL that selects what contradicts it."""

    name: str
    message: str
    sql: str


@dataclass(frozen=True)
class Scoring:
    """The models that score, print and compare months, each after those it reads, and tests."""

    models: list[Model]
    checks: list[Check]

    def write(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Keep them in a release, open for writing."""
        models = (
            (
                str(order),
                literal(each.name),
                literal(each.table),
                f"[{', '.join(map(literal, each.tables_read))}]",
                literal(each.sql),
            )
            for order, each in enumerate(self.models, start=1)
        )
        checks = (map(literal, (each.name, each.message, each.sql)) for each in self.checks)
        for table, values in (("release_models", models), ("release_checks", checks)):
            listed = ", ".join(f"({', '.join(row)})" for row in values)
            connection.execute(f"insert into audit.{table} values {listed}")  # noqa: S608

    @classmethod
    def read(cls, connection: duckdb.DuckDBPyConnection) -> "Scoring":
        """Those that a release keeps.

        Raises:
            NoScoringError: it keeps none.
        """
        models = "select * exclude (run_order) from audit.release_models order by run_order"
        try:
            found = [Model(*row) for row in connection.execute(models).fetchall()]
        except duckdb.CatalogException as error:
            raise NoScoringError from error
        checks = connection.execute("from audit.release_checks order by check_name").fetchall()
        return cls(found, [Check(*row) for row in checks])

    def only(self, names: Collection[str] | None) -> "Scoring":
        """Some of its models, of which no test is asked; what scores and prints if none are named.

        Raises:
            NoScoringError: it lacks one of them.
        """
        if names is None:
            scoring = [model for model in self.models if model.name not in CHANGES]
            return Scoring(scoring, self.checks)
        found = [model for model in self.models if model.name in names]
        if len(found) < len(names):
            raise NoScoringError
        return Scoring(found, [])


class Replay:
    """A month of a release in memory: what its scoring starts from, and then its results.

    Attributes:
        connection: results and what they start from in the schemas of a release, which itself is
            beside them as `release`, and is what is asked until the month is run.
        month: such as 2023-06.
        day: its first day as SQL writes it.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        month: str,
        only: Collection[str] | None = None,
    ) -> None:
        """Copy what scoring starts from.

        Args:
            connection: with an empty `ywtb` and a `release`.
            month: such as 2023-06.
            only: models that are to run, from what the others gave when the month was published.

        Raises:
            NoScoringError: the release has no SQL of these models.
        """
        self.connection, self.month = connection, month
        self.day = f"date {literal(f'{month}-01')}"
        connection.execute(f"use {RELEASE}")
        self._scoring = Scoring.read(connection).only(only)
        made = {model.table for model in self._scoring.models}
        self._start = sorted(
            {table for model in self._scoring.models for table in model.tables_read} - made
        )
        connection.execute("use ywtb")
        for schema in sorted({table.split(".")[0] for table in (*self._start, *made)}):
            connection.execute(f"create schema {schema}")
        for table in self._start:
            source = f"{RELEASE}.{table}"
            names = [row[0] for row in connection.execute(f"describe {source}").fetchall()]
            of_month = f"where score_month = {self.day}" if "score_month" in names else ""
            connection.execute(f"create table {table} as from {source} {of_month}")
        connection.execute(f"use {RELEASE}")

    def run(self, changes: Mapping[str, Sequence[str]] | None = None) -> None:
        """Make every table anew; none that is scored where the input has problems.

        Args:
            changes: statements by the table that they change, run as soon as it is there.

        Raises:
            duckdb.Error: a figure is too large to be computed with.
            LookupError: a statement changes nothing.
        """
        connection, changes = self.connection, changes or {}
        connection.execute("use ywtb")
        for table in self._start:
            self._change(changes.get(table, ()))
        unmade: set[str] = set()
        for model in self._scoring.models:
            if unmade.isdisjoint(model.tables_read):
                connection.execute(f"create or replace table {model.table} as {model.sql}")
                self._change(changes.get(model.table, ()))
                if (
                    model.table == INPUT_PROBLEMS
                    and connection.execute(f"from {model.table}").fetchone()
                ):
                    unmade.add(model.table)
            else:
                unmade.add(model.table)

    @contextmanager
    def variants(
        self, changes: Mapping[str, str], count: int, wanted: str | None = None
    ) -> Iterator[None]:
        """A month that was run, so many times over at once, while the context lasts.

        Each variant stands in the tables as a later month, which `variants` lists by `variant_no`,
        from 1, with its `score_month`. Made anew is only what lies between the changed tables and
        the wanted one.

        Args:
            changes: statement by the table that it changes, which tells the variants apart; none
                of these tables follows from another.
            count: of variants.
            wanted: the table that is to be right; all of them without it.

        Raises:
            duckdb.Error: a figure is too large to be computed with.
            LookupError: a statement changes nothing.
        """
        models = self._scoring.models
        needed = {wanted} if wanted else {model.table for model in models}
        for model in reversed(models):
            needed.update(model.tables_read if model.table in needed else ())
        made = set(changes)
        for model in models:
            if model.table in needed and not made.isdisjoint(model.tables_read):
                made.add(model.table)
        made -= changes.keys()
        again = [model for model in models if model.table in made]
        copied = (
            needed if wanted is None else {*changes, *(t for m in again for t in m.tables_read)}
        )
        self.connection.execute("begin")
        try:
            self.connection.execute(VARIANTS.format(day=self.day, count=count))
            for (table,) in self.connection.execute(MONTHLY).fetchall():
                if table in copied - made:
                    self.connection.execute(COPIES.format(table=table))
            for statement in changes.values():
                self._change([statement])
            for model in again:
                self.connection.execute(f"create or replace table {model.table} as {model.sql}")
            yield
        finally:
            self.connection.execute("rollback")

    def contradictions(self) -> list[Failure]:
        """Data tests that find something in what could be made."""
        failures = []
        for check in self._scoring.checks:
            with suppress(duckdb.CatalogException):  # what it looks at could not be made
                if found := rows(self.connection, check.sql):
                    failures.append(Failure(check.name, check.message, found))
        return failures

    def _change(self, statements: Sequence[str]) -> None:
        for statement in statements:
            if self.connection.execute(statement).fetchall() == [(0,)]:
                raise LookupError(statement)


@contextmanager
def replay(
    database: Path, month: str, only: Collection[str] | None = None, earlier: Path | None = None
) -> Iterator[Replay]:
    """A month of a release, to be computed again; nothing is written.

    Args:
        database: the release.
        month: one of its months, such as 2023-06.
        only: models that are to run; all that score and print without it.
        earlier: an earlier release, to be beside it as `earlier`.

    Raises:
        NoScoringError: the release has no SQL of these models.
    """
    with duckdb.connect(":memory:", config={"temp_directory": ""}) as connection:
        connection.execute(f"attach {literal(str(database))} as {RELEASE} (read_only)")
        if earlier:
            connection.execute(f"attach {literal(str(earlier))} as {EARLIER} (read_only)")
        connection.execute("attach ':memory:' as ywtb")
        connection.execute("set enable_external_access = false")
        connection.execute("set threads = 1")  # many short runs: others would only wait
        yield Replay(connection, month, only)


VARIANTS = """
    create or replace table variants as
    select
        cast(variant_no as integer) as variant_no,
        cast({day} + to_months(cast(variant_no as integer)) as date) as score_month
    from range(1, {count} + 1) as numbers (variant_no)
"""

MONTHLY = """
    select schema_name || '.' || table_name
    from duckdb_columns()
    where database_name = 'ywtb' and schema_name != 'main' and column_name = 'score_month'
    order by all
"""

COPIES = """
    create or replace table {table} as
    select copied.* replace (variants.score_month as score_month)
    from {table} as copied
    cross join variants
"""
