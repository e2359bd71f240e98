"""The tables of a month for analysts and other systems, with what describes them."""

import csv
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from ywtb.exports.data.data_contract import write_contract
from ywtb.exports.data.data_package import PackageTable, package_tables, write_package
from ywtb.exports.data.data_workbook import write_data_workbook
from ywtb.exports.data.scores import write_scores
from ywtb.exports.release_month import ReleaseMonth
from ywtb.release.queries import Row

_RISKY = re.compile(r"['\t\r\n]|[\s\x00-\x1f]*[=+\-@＝＋－＠]")
_HARMLESS = re.compile(r"-|-?\d+(\.\d+)?(e[+-]?\d+)?%?")
_LIKE_A_DATE = re.compile(r"\d{1,4}[-/年月]\d{1,2}(?:[-/月日]\d{0,4}日?)?")


def write_tables(
    connection: duckdb.DuckDBPyConnection, month: ReleaseMonth, folder: Path, release: str = ""
) -> list[PackageTable]:
    """Write the tables into a folder, which is made: the same month gives the same bytes.

    `csv/` and `parquet/` hold one file per table with this month's rows, named like the table;
    `datapackage.json` and `datacontract.odcs.yaml` describe them; `scores.json` has the scores,
    `scores.schema.json` its form.

    Args:
        connection: the release that the month was read from; it says types and descriptions.
        month: what is written.
        folder: where the files go.
        release: id that the description names; none without it, as when months of several
            releases are compared.

    Returns:
        The tables.
    """
    for name in ("csv", "parquet"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    tables = package_tables(connection, month)
    with duckdb.connect(config={"threads": 1}) as writer:
        for table in tables:
            rows = month.tables[table.source]
            _write_csv(folder / "csv" / f"{table.name}.csv", list(table.types), rows)
            _write_parquet(writer, folder / "parquet" / f"{table.name}.parquet", table.types, rows)
    annexes = {f"marts.{annex.mart}" for annex in month.annexes}
    tidy = [table for table in tables if table.source not in annexes]
    tidy.sort(key=lambda table: table.name.startswith("dim_"))
    write_data_workbook(month, tidy, folder / "数据.xlsx")
    write_scores(month, folder)
    write_package(month, tables, folder, release)
    write_contract(month, tables, folder)
    return tables


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
    writer: duckdb.DuckDBPyConnection, path: Path, types: Mapping[str, str], rows: Sequence[Row]
) -> None:
    """The rows in the types of the release, by name of the column."""
    columns = ", ".join(f'unnest(?::{kind}[]) as "{name}"' for name, kind in types.items())
    values = [[row[name] for row in rows] for name in types]
    writer.sql(f"select {columns}", params=values).write_parquet(str(path))


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
    return kept_as_text(value)


def kept_as_text(text: str) -> str:
    """A text that no spreadsheet takes for a formula or for a date, as 2023-06-01 of an erratum."""
    return f"'{text}" if _LIKE_A_DATE.fullmatch(text) else guarded(text)


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula: with a ' before it where it might be one.

    A bare minus, and a negative number, stay as they are. A text that itself begins with ' gets
    another, so dropping one leading ' always restores the text.
    """
    return f"'{text}" if _RISKY.match(text) and not _HARMLESS.fullmatch(text) else text
