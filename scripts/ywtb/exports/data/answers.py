"""Answers to SQL as files: CSV that a spreadsheet may open, Parquet."""

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from ywtb.assessment.figures import visible
from ywtb.exports.data.tables import guarded, kept_as_text
from ywtb.release.bounded_query import Answer, QueryError

_EXACT = {"HUGEINT": "DECIMAL(38, 0)", "UHUGEINT": "DECIMAL(38, 0)", '"NULL"': "VARCHAR"}
"""Types that Parquet would make floats of, or does not have."""


def csv_to_keep(answers: Iterable[Answer]) -> Iterator[bytes]:
    """UTF-8 with a byte order mark as `write_tables` writes it, a blank line between answers.

    Args:
        answers: whose values are texts, or None, which is an empty cell.
    """
    for number, answer in enumerate(answers):
        yield ("\r\n" if number else "\ufeff").encode() + "".join(_lines(answer)).encode()


def csv_to_see(answers: Iterable[Answer]) -> Iterator[str]:
    """The same for a terminal, without what would steer it."""
    for number, answer in enumerate(answers):
        lines = (visible(line.removesuffix("\r\n")) for line in _lines(answer))
        yield ("\n" if number else "") + "".join(f"{line}\n" for line in lines)


def parquet(answers: Iterable[Answer]) -> Iterator[bytes]:
    """One file, whose values read back are the texts that they were.

    Args:
        answers: one, whose values are texts or None.

    Raises:
        QueryError: there are several answers, or values that Parquet cannot hold as they are.
    """
    answer, *others = answers
    if others:
        raise QueryError("Parquet 文件只能存一条查询的结果")
    columns = ", ".join(
        f"cast(unnest(?::varchar[]) as {_EXACT.get(kind, kind)}) as {_quoted(name)}"
        for name, kind in answer.types.items()
    )
    values = [[row[name] for row in answer.rows] for name in answer.types]
    with TemporaryDirectory() as folder, duckdb.connect(config={"threads": 1}) as writer:
        path = Path(folder) / "answer.parquet"
        try:
            writer.sql(f"select {columns}", params=values).write_parquet(str(path))
            written = (
                writer.read_parquet(str(path))
                .select(duckdb.SQLExpression("cast(columns(*) as varchar)"))
                .fetchall()
            )
        except duckdb.Error as error:
            raise QueryError(f"Parquet 存不下，请在 SQL 中换成 varchar：{error}") from None
        for row, back in zip(answer.rows, written, strict=True):
            for (name, text), found in zip(row.items(), back, strict=True):
                if found != text:
                    raise QueryError(f"列 {name} 的 {text} 在 Parquet 中会变，请换成 varchar")
        yield path.read_bytes()


def _lines(answer: Answer) -> Iterator[str]:
    written = [kept_as_text if kind == "VARCHAR" else guarded for kind in answer.types.values()]
    for row in (answer.types, *(row.values() for row in answer.rows)):
        line = io.StringIO()
        csv.writer(line).writerow(
            "" if cell is None else write(cell) for write, cell in zip(written, row, strict=True)
        )
        yield line.getvalue()


def _quoted(name: str) -> str:
    return '"{}"'.format(name.replace('"', '""'))
