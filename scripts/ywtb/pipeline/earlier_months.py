"""A release that starts from the published one: months that did not change stay as they are."""

import shutil
from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb

from ywtb.assessment.reference import month_of
from ywtb.project import Project

SMALL_BLOCKS: Mapping[str, Any] = {"default_block_size": "16384"}
"""A table takes whole blocks, and most tables are a month's file of a few rows."""


def start_anew(database: Path) -> None:
    """Make an empty database for a release."""
    duckdb.connect(str(database), config=dict(SMALL_BLOCKS)).close()


def start_from(project: Project, earlier: Path, database: Path, first: str | None) -> None:
    """Copy a release, without the months from some month on.

    Args:
        project: the checkout.
        earlier: the database of the release.
        database: the copy.
        first: the first month to leave out, such as `2023_06`; None if all stay.
    """
    shutil.copyfile(earlier, database)
    if first is None:
        return
    with duckdb.connect(str(database)) as connection:
        seeds = [folder.name for folder in project.seeds.iterdir()]
        tables = connection.execute(
            "select schema_name, table_name from duckdb_columns() "
            "semi join duckdb_tables() using (schema_name, table_name) "
            "where column_name = 'score_month' and not list_contains($seeds, schema_name)",
            {"seeds": seeds},
        ).fetchall()
        for schema, table in _children_first(connection, tables):
            statement = f'delete from "{schema}"."{table}" where score_month >= $month'  # noqa: S608
            connection.execute(statement, {"month": month_of(first)})
        for schema, table in connection.execute(
            "select schema_name, table_name from duckdb_tables() "
            "where schema_name = 'raw' and split_part(table_name, '__', 2) >= $first",
            {"first": first},
        ).fetchall():
            connection.execute(f'drop table "{schema}"."{table}"')
        connection.execute("checkpoint")


def _children_first(
    connection: duckdb.DuckDBPyConnection, tables: Iterable[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Tables in an order in which rows can go: a foreign key's before what it refers to."""
    graph = TopologicalSorter(dict.fromkeys(tables, ()))
    for schema, table, parent in connection.execute(
        "select schema_name, table_name, referenced_table from duckdb_constraints() "
        "where constraint_type = 'FOREIGN KEY'"
    ).fetchall():
        graph.add((schema, parent), (schema, table))
    return list(graph.static_order())
