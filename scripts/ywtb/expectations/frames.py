"""What the suites look at: the answers of a built release."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from ywtb.expectations.suites import Suite, SuiteError

Row = dict[str, Any]
ROW_INDEX = "row_index"
"""Name of the column that says in pandas which of a frame's rows it is."""
_KEY = "(score_month, city_code, unit_name)"


@dataclass(frozen=True)
class Subject:
    """A month of a city.

    Attributes:
        month: first day of the month.
        city_code: the city.
        city_name: its name, where the month has several cities.
    """

    month: date
    city_code: str
    city_name: str | None


@dataclass(frozen=True)
class Frame:
    """The answer to a suite's question.

    Attributes:
        suite: the suite that looks at it.
        columns: names of the columns but for month and city.
        rows: by month and city one mapping per row, numbers as `Decimal` or `int`.
    """

    suite: Suite
    columns: list[str]
    rows: dict[Subject, list[Row]]

    def as_pandas(self) -> Any:
        """All rows as pandas sees them: columns of objects, so that decimals stay exact."""
        import pandas

        rows = [row for found in self.rows.values() for row in found]
        values = {column: [row[column] for row in rows] for column in self.columns}
        values[ROW_INDEX] = list(range(len(rows)))
        return pandas.DataFrame(
            {column: pandas.Series(each, dtype=object) for column, each in values.items()}
        )


def read_frames(
    database: Path, folder: Path, suites: Iterable[Suite], months: Iterable[date] | None = None
) -> Iterator[Frame]:
    """Ask a built release every suite's question.

    Args:
        database: the built file; nobody may have it open for writing.
        folder: `expectations/`, for the views that suites share.
        suites: what to ask.
        months: first days of the months to look at, by default all of the release.

    Raises:
        SuiteError: a question that cannot be asked, or has no answer although it must have one.
        duckdb.Error: the file is not a built release.
    """
    with duckdb.connect(str(database), read_only=True) as connection:
        found = connection.execute(
            """
            select score_month, city_code, case when not is_only then city_name end
            from intermediate.int_cities_monthly
            inner join reference.cities using (city_code)
            order by score_month, city_code
            """
        ).fetchall()
        wanted = {month for month, _, _ in found} if months is None else set(months)
        subjects = [Subject(*each) for each in found if each[0] in wanted]
        _create_views(connection, folder)
        tables = _tables(connection)
        for suite in suites:
            if suite.needs_table and suite.needs_table not in tables:
                continue
            columns, rows = _ask(connection, suite, wanted)
            frame = Frame(
                suite, columns, {each: rows[each.month, each.city_code] for each in subjects}
            )
            for each, answer in frame.rows.items():
                if not answer and not suite.may_be_empty:
                    raise SuiteError(
                        f"{suite.name}: nothing to check of {each.month:%Y-%m}, {each.city_code}"
                    )
            yield frame


def _tables(connection: duckdb.DuckDBPyConnection) -> set[str]:
    found = connection.execute("select schema_name || '.' || table_name from duckdb_tables()")
    return {table for (table,) in found.fetchall()}


def _ask(
    connection: duckdb.DuckDBPyConnection, suite: Suite, months: Collection[date]
) -> tuple[list[str], dict[tuple[date, str], list[Row]]]:
    """The columns of an answer, and its rows of some months by month and city."""
    of_months = f"score_month in ({', '.join('?' for _ in months)})" if months else "false"
    try:
        cursor = connection.execute(f"from ({suite.sql}) where {of_months} order by all", [*months])
        columns = [column[0] for column in cursor.description or []]
        lacking = {"score_month", "city_code", *_named(suite)}.difference(columns)
        if lacking:
            raise SuiteError(f"{suite.name}: no column {', '.join(sorted(lacking))}")
        rows: dict[tuple[date, str], list[Row]] = defaultdict(list)
        for values in cursor.fetchall():
            row = dict(zip(columns, values, strict=True))
            rows[row.pop("score_month"), row.pop("city_code")].append(row)
    except duckdb.Error as error:
        raise SuiteError(f"{suite.name}: {error}") from error
    return [column for column in columns if column not in ("score_month", "city_code")], rows


def _named(suite: Suite) -> set[str]:
    return {column for each in suite.expectations for column in (each.column, *each.columns)}


def _create_views(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Make what suites share: the files `_*.sql`, and `printed_cells`.

    That is what the annexes of any month print, cell by cell, as their marts have it: as the marts'
    columns differ, it is made from their list.
    """
    found = connection.execute("select distinct mart_name from intermediate.int_annexes_monthly")
    cells = " union all ".join(
        f"select '{mart}' as mart_name, score_month, city_code, unit_name, column_name, cell_text "  # noqa: S608
        "from (select score_month, city_code, unit_name, "
        f"cast(columns(* exclude {_KEY}) as varchar) from marts.{mart}) "
        f"unpivot include nulls (cell_text for column_name in (columns(* exclude {_KEY})))"
        for (mart,) in found.fetchall()
    )
    connection.execute(f"create temp view printed_cells as {cells}")
    for path in sorted(folder.glob("_*.sql")):
        connection.execute(path.read_text(encoding="utf-8"))
