"""What is served: public tables and views, of a release or of a province, as DuckDB has them."""

import glob
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path
from typing import Any

import duckdb

from ywtb.assessment.sql import literal
from ywtb.lock import folder_lock
from ywtb.release.releases import ID, read_manifest

SCHEMAS = ("marts", "audit")
"""Those whose tables are public; of other schemas, what a view reads."""

MONTH, CITY = "score_month", "city_code"
CITIES, UNITS = ("reference", "cities"), ("marts", "dim_units")
"""Views need the names of cities; a province's folder may have them beside the units alone."""

_TYPES = {
    "BOOLEAN": "boolean",
    "TINYINT": "smallint",
    "SMALLINT": "smallint",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "HUGEINT": "numeric(39, 0)",
    "VARCHAR": "text",
    "JSON": "jsonb",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
}
"""Types besides decimals, and those of nested values, which become `jsonb`."""

_ESCAPES = {"'\\'": "\\\\", "chr(9)": "\\t", "chr(10)": "\\n", "chr(13)": "\\r"}
"""How COPY writes a character, by that character in DuckDB's SQL; a backslash comes first."""

BATCH = 20_000
"""Rows that are fetched at once."""

Place = tuple[str, str]
"""Schema and name of a table."""


class NotServedError(Exception):
    """Why nothing is served, in Chinese."""


@dataclass(frozen=True)
class Column:
    """A column with its DuckDB type, such as `DECIMAL(9,2)`."""

    name: str
    kind: str
    is_required: bool
    comment: str | None


@dataclass(frozen=True)
class Key:
    """A primary key, or a foreign one, which refers to a table of the same schema."""

    columns: tuple[str, ...]
    table: str | None
    table_columns: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A table, or a view, which has the SQL that creates it and the tables that it reads."""

    place: Place
    comment: str | None
    columns: tuple[Column, ...]
    keys: tuple[Key, ...] = ()
    view: str | None = None
    reads: frozenset[Place] = frozenset()

    def __str__(self) -> str:
        """Schema and name as SQL has them."""
        return ".".join(self.place)


@dataclass(frozen=True)
class Served:
    """Tables with the connection that has their rows.

    Attributes:
        connection: a table is there under its name.
        release: id of the release; of a province, the time of its newest file written like one.
        tables: tables and views.
        notes: what is missing, in Chinese.
    """

    connection: duckdb.DuckDBPyConnection
    release: str
    tables: tuple[Table, ...]
    notes: tuple[str, ...] = ()

    def lines(self, table: Table) -> Iterator[bytes]:
        """A table's rows in batches, in the text format of PostgreSQL's COPY; decimals exact."""
        cells = ", ".join(_cell(column) for column in table.columns)
        cursor = self.connection.execute(
            f"select concat_ws(chr(9), {cells}) from {_quoted(*table.place)}"  # noqa: S608
        )
        while batch := cursor.fetchmany(BATCH):
            yield "".join(f"{line}\n" for (line,) in batch).encode()

    def columns_with_nul(self, table: Table) -> list[str]:
        """Columns with the character NUL in a text, which PostgreSQL cannot hold."""
        texts = [column for column in table.columns if _has_any_text(column)]
        nul = "regexp_matches({}, '\\x00|\\\\u0000')"  # as it is, or as JSON has it
        found = ", ".join(f"bool_or({nul.format(_text(column))})" for column in texts)
        sql = f"select {found} from {_quoted(*table.place)}"  # noqa: S608
        (has_nul,) = self.connection.execute(sql).fetchall()
        return [column.name for column, has in zip(texts, has_nul, strict=True) if has]


def released(release: duckdb.DuckDBPyConnection) -> Served:
    """The public tables and all views of a release, which stays open meanwhile."""
    described = _described(release)
    read = {place for table in described for place in table.reads}
    tables = tuple(
        table
        for table in described
        if table.view or table.place[0] in SCHEMAS or table.place in read
    )
    return Served(release, str(read_manifest(release)["release_id"]), tables)


@contextmanager
def of_province(
    folder: Path, release: Served | None, others: Iterable[Table] = ()
) -> Iterator[Served]:
    """The tables `<schema>/<table>/` of a folder, each in Parquet files at any depth.

    Rows and types are the folder's; keys, comments and views are those of the release, or those of
    tables that only a province has, `others`. A table
    that names no city in the release has each row once, though the files of every city have it.
    Nobody changes the files meanwhile.

    Raises:
        LockedError: somebody does.
        NotServedError: there are no tables, or one cannot be read or lacks columns of the release.
    """
    known = {table.place: table for table in (*(release.tables if release else ()), *others)}
    found = {
        (path.parent.name, path.name): path
        for path in sorted(folder.glob("[!._]*/[!._]*"))
        if path.is_dir() and any(path.rglob("*.parquet"))
    }
    if not found:
        raise NotServedError(f"{folder} 中没有 <模式>/<表>/…/*.parquet")
    with folder_lock(folder, "serve-postgres"), duckdb.connect() as connection:
        try:
            yield _province(connection, folder, found, known)
        except duckdb.Error as error:
            raise NotServedError(f"{folder} 无法读取：{error}") from error


def _province(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    found: Mapping[Place, Path],
    known: Mapping[Place, Table],
) -> Served:
    for place, path in found.items():
        _read_files(connection, place, path, known.get(place))
    if CITIES in known and CITIES not in found and UNITS in found:
        _create(
            connection,
            CITIES,
            f"select {CITY}, arg_max(city_name, {MONTH}) as city_name "  # noqa: S608
            f"from {_quoted(*UNITS)} group by {CITY}",
        )
    tables = {table.place: _like(table, known.get(table.place)) for table in _described(connection)}
    views = {
        place: table
        for place, table in known.items()
        if table.view and table.reads <= tables.keys()
    }
    notes = (
        ("已发布的库中有而这里没有", known.keys() - tables.keys() - views.keys()),
        ("没有主键和注释，因为已发布的库中没有", tables.keys() - known.keys()),
    )
    ((newest,),) = connection.execute(
        f"select max(last_modified) from read_blob({_files(folder)})"  # noqa: S608
    ).fetchall()
    return Served(
        connection,
        newest.astimezone(UTC).strftime(ID),
        (*tables.values(), *views.values()),
        tuple(
            f"{what}：{'、'.join('.'.join(place) for place in sorted(places))}"
            for what, places in notes
            if places
        ),
    )


def _read_files(
    connection: duckdb.DuckDBPyConnection, place: Place, path: Path, known: Table | None
) -> None:
    """Make a table's files known by its name, with the columns that it has in the release."""
    source = f"read_parquet({_files(path)}, hive_partitioning = false)"
    found = connection.sql(f"from {source}").columns
    columns = [column.name for column in known.columns] if known else found
    if lacking := [name for name in columns if name not in found]:
        raise NotServedError(f"{'.'.join(place)} 缺列 {'、'.join(lacking)}（{path}）")
    distinct = "distinct" if CITY in found and CITY not in columns else ""
    names = ", ".join(_quoted(name) for name in columns)
    _create(connection, place, f"select {distinct} {names} from {source}")  # noqa: S608


def _create(connection: duckdb.DuckDBPyConnection, place: Place, select: str) -> None:
    connection.execute(f"create schema if not exists {_quoted(place[0])}")
    connection.execute(f"create view {_quoted(*place)} as {select}")


def _like(table: Table, known: Table | None) -> Table:
    """A table of the province as the release describes it, in the types of its files."""
    if known is None:
        return replace(table, view=None, reads=frozenset())
    described = {column.name: column for column in known.columns}
    columns = [replace(described[each.name], kind=each.kind) for each in table.columns]
    return replace(known, columns=tuple(columns))


def _described(connection: duckdb.DuckDBPyConnection) -> list[Table]:
    """All tables and views with types, keys and comments."""
    columns = _by_place(
        connection,
        """
        select schema_name, table_name, column_name, data_type, not is_nullable, comment
        from duckdb_columns() where not internal order by column_index
        """,
    )
    keys = _by_place(
        connection,
        """
        select
            schema_name, table_name, constraint_column_names, referenced_table,
            referenced_column_names
        from duckdb_constraints()
        where constraint_type in ('PRIMARY KEY', 'FOREIGN KEY') order by constraint_index
        """,
    )
    read = _by_place(
        connection,
        """
        with views as (
            select
                schema_name, view_name,
                json_serialize_sql(regexp_extract(sql, '(?s) AS (SELECT .*);', 1)) as parsed
            from duckdb_views() where not internal
        )
        select
            schema_name, view_name,
            unnest(json_extract_string(parsed, '$..schema_name')),
            unnest(json_extract_string(parsed, '$..table_name'))
        from views
        """,
    )
    found = connection.execute(
        """
        select schema_name, table_name, comment, null as sql from duckdb_tables()
        where not internal
        union all
        select schema_name, view_name, comment, sql from duckdb_views() where not internal
        order by schema_name, table_name
        """
    ).fetchall()
    return [
        Table(
            (schema, name),
            comment,
            tuple(Column(*column) for column in columns[schema, name]),
            tuple(Key(tuple(of), to, tuple(others)) for of, to, others in keys[schema, name]),
            view,
            frozenset(read[schema, name]),
        )
        for schema, name, comment, view in found
    ]


def _by_place(
    connection: duckdb.DuckDBPyConnection, sql: str
) -> Mapping[Place, list[tuple[Any, ...]]]:
    """Rows of a query by their first two columns, schema and name, without these."""
    found: Mapping[Place, list[tuple[Any, ...]]] = defaultdict(list)
    for schema, name, *row in connection.execute(sql).fetchall():
        found[schema, name].append(tuple(row))
    return found


def postgres_type(table: Table, column: Column) -> str:
    """The type of PostgreSQL that holds every value of a column as it is.

    Raises:
        NotServedError: there is none.
    """
    if column.kind in _TYPES:
        return _TYPES[column.kind]
    if column.kind.startswith("DECIMAL("):
        return column.kind.replace("DECIMAL", "numeric").lower()
    if _is_nested(column):
        return "jsonb"
    raise NotServedError(f"{table}.{column.name} 的类型 {column.kind} 在 PostgreSQL 中没有对应")


def _is_nested(column: Column) -> bool:
    return column.kind.endswith("]") or column.kind.startswith(("STRUCT(", "MAP("))


def _cell(column: Column) -> str:
    """A value as the text format of COPY writes it."""
    text = _text(column)
    if _has_any_text(column):
        for character, escape in _ESCAPES.items():
            text = f"replace({text}, {character}, '{escape}')"
    return f"coalesce({text}, '\\N')"


def _has_any_text(column: Column) -> bool:
    return column.kind in ("VARCHAR", "JSON") or _is_nested(column)


def _text(column: Column) -> str:
    value = _quoted(column.name)
    return f"cast({f'to_json({value})' if _is_nested(column) else value} as varchar)"


def _files(folder: Path) -> str:
    return literal(f"{glob.escape(str(folder))}/**/*.parquet")


def _quoted(*names: str) -> str:
    return ".".join('"{}"'.format(name.replace('"', '""')) for name in names)
