"""The tables of a month for analysts and other systems: CSV, Parquet, a data package, scores."""

import csv
import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from ywtb.exports.data.data_package import PackageTable, package_tables, write_package
from ywtb.exports.data.scores import write_scores
from ywtb.exports.release_month import Month
from ywtb.release.queries import Row

FOLDER = "data"

_RISKY = re.compile(r"['\t\r\n]|[\s\x00-\x1f]*[=+\-@＝＋－＠]")
_HARMLESS = re.compile(r"-|-?\d+(\.\d+)?%?")


def write_tables(connection: duckdb.DuckDBPyConnection, month: Month, folder: Path) -> None:
    """Write `data/` into a folder: the same month gives the same bytes.

    `csv/` and `parquet/` hold one file per table with this month's rows, named like the table;
    `datapackage.json` describes them; `scores.json` has the scores, `scores.schema.json` its form.

    Args:
        connection: the release that the month was read from; it says types and descriptions.
        month: what is written.
        folder: where `data/` goes; it is there.
    """
    target = folder / FOLDER
    for name in ("csv", "parquet"):
        (target / name).mkdir(parents=True, exist_ok=True)
    tables = package_tables(connection, month)
    with duckdb.connect(config={"threads": 1}) as writer:
        for table in tables:
            text = target / "csv" / f"{table.name}.csv"
            _write_csv(text, [field.name for field in table.fields], month.tables[table.source])
            _write_parquet(writer, text, target / "parquet" / f"{table.name}.parquet", table)
    write_scores(month, target)
    write_package(month, tables, target)


def _write_csv(path: Path, columns: Sequence[str], rows: Sequence[Row]) -> None:
    """UTF-8 with a byte order mark.

    Excel takes a CSV without the mark for GBK and shows nonsense; Frictionless, DuckDB, pandas and
    R read the mark as what it is.
    """
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(columns)
        writer.writerows([_cell(row[column]) for column in columns] for row in rows)


def _write_parquet(
    writer: duckdb.DuckDBPyConnection, text: Path, path: Path, table: PackageTable
) -> None:
    """Read the CSV back with the types of the release, so that both say the same."""
    types = {field.name: field.database_type for field in table.fields}
    columns = ", ".join(
        f'case when starts_with("{name}", \'\'\'\') then substr("{name}", 2) else "{name}" end'
        f' as "{name}"'
        if database_type == "VARCHAR"
        else f'"{name}"'
        for name, database_type in types.items()
    )
    writer.execute(
        f"copy (select {columns} from read_csv({_quoted(str(text))}, auto_detect = false, "  # noqa: S608
        f"header = true, delim = ',', quote = '\"', escape = '\"', new_line = '\\r\\n', "
        f"columns = {types})) to {_quoted(str(path))} (format parquet)"
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _cell(value: Any) -> str:
    """A value as the data package says it is written; nothing for NULL."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        return f"{value.isoformat()}Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int):
        return str(value)
    return guarded(value)


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula: with a ' before it where it might be one.

    A bare minus, and a negative number, stay as they are. A text that itself begins with ' gets
    another, so dropping one leading ' always restores the text.
    """
    return f"'{text}" if _RISKY.match(text) and not _HARMLESS.fullmatch(text) else text
