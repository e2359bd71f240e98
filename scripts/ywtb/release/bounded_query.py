"""Queries that anybody may type: read-only, in a process of their own, bounded in every respect."""

import pickle
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import duckdb
from duckdb.sqltypes import DuckDBPyType

from ywtb import child_process
from ywtb.checksums import DamageError
from ywtb.project import Project
from ywtb.release.queries import Row, connect_read_only, unlike
from ywtb.release.releases import published_database

DATABASE_MEMORY = "1GB"
PROCESS_BYTES = 4 * 1024**3
"""Address space of the process, in case that an answer takes more than the database may."""
ANSWER_BYTES = 64 * 1024**2
"""Most that the answers come to, since whoever asks has to hold and show them."""

_NOT_IN_PYTHON = ("date", "time", "interval", "blob", "geometry", "variant")
"""How types begin of which Python lacks values: infinity, nanoseconds, a month, a point."""


class QueryError(Exception):
    """Why there is no answer, in Chinese."""


@dataclass(frozen=True)
class Answer:
    """Rows of an answer, with the type of each column; `is_cut` where there are more rows."""

    types: dict[str, str]
    rows: list[Row]
    is_cut: bool


def ask(
    project: Project, sql: str, seconds: float, limit: int, as_text: bool = False
) -> Iterator[Answer]:
    """Answer SQL from the published release, one query after another.

    Args:
        project: the checkout.
        sql: queries; nothing that writes, attaches, sets or loads. One that is not allowed, or
            cannot be read, stops all of them before the first is answered.
        seconds: time after which the queries are given up, all of them together.
        limit: most rows that are returned of each.
        as_text: every value as the database writes it, None where there is none. Without it
            only those are texts, also in lists and the like, that Python has no equal of.

    Raises:
        NotPublishedError: nothing has been published yet.
        DamageError: what was published is not there any more as it was.
        QueryError: the SQL is not valid or not allowed, or takes too long or too much memory.
    """
    database = published_database(project)
    context = get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(
        target=_serve, args=(sender, database, sql, limit, as_text), daemon=True
    )
    # A Ctrl-C while the process starts waits until there is one to end. To block the signal would
    # not do: another thread takes it, and Python drops what is raised while it forks.
    interrupts: list[int] = []
    on_interrupt = signal.signal(signal.SIGINT, lambda number, _: interrupts.append(number))
    process.start()
    sender.close()
    given_up = time.monotonic() + seconds
    try:
        signal.signal(signal.SIGINT, on_interrupt)
        if interrupts:
            raise KeyboardInterrupt
        for number in count(1):
            answer = _received(receiver, seconds, given_up)
            if isinstance(answer, QueryError):
                raise QueryError(f"第 {number} 条查询：{answer}") if number > 1 else answer
            if answer is None:
                return
            yield answer
    finally:
        process.kill()
        process.join()


def _received(receiver: Connection, seconds: float, given_up: float) -> Answer | QueryError | None:
    """The next answer, or why there is none; None after the last."""
    try:
        if receiver.poll(max(given_up - time.monotonic(), 0)):
            answer: Answer | QueryError | None = receiver.recv()
            return answer
    except (EOFError, OSError):
        return QueryError("查询用尽了内存或使数据库中断，已停止；请缩小范围")
    return QueryError(f"超过 {seconds:g} 秒没有结果，已停止；请缩小范围，或加 --timeout")


def _serve(sender: Connection, database: Path, sql: str, limit: int, as_text: bool) -> None:
    """Send the answers and None, or why there is none. The parent decides when this ends."""
    child_process.settle()
    child_process.confine(PROCESS_BYTES)
    error: QueryError | None = None
    try:
        with connect_read_only(database, DATABASE_MEMORY) as release:
            for answer in _answers(release, sql, limit, as_text):
                sender.send(answer)
    except (duckdb.OutOfMemoryException, MemoryError):
        error = QueryError("查询需要的内存超过限度，已停止；请缩小范围")
    except QueryError as found:
        error = found
    except duckdb.Error as found:
        said, _, _ = str(found).partition("\n\nLINE ")  # of the SQL, or of what is made of it
        error = QueryError(f"SQL 有误：{said}")
    except UnicodeEncodeError:
        error = QueryError("SQL 中有不是 UTF-8 的文字")
    except DamageError as found:
        error = QueryError(str(found))
    except Exception as found:  # whatever a value or a text of SQL brings about
        error = QueryError(f"查询无法回答：{found!r}")
    sender.send(error)


def _answers(
    release: duckdb.DuckDBPyConnection, sql: str, limit: int, as_text: bool
) -> Iterator[Answer]:
    sql.encode()  # raises where what was typed is no text
    statements = release.extract_statements(sql)
    for statement in statements:
        if not statement.query:  # what DuckDB makes of a PIVOT that has to look for its columns
            raise QueryError("PIVOT 须用 in (…) 写明各列")
        if statement.type != duckdb.StatementType.SELECT:  # EXPLAIN would run whatever it explains
            raise QueryError(f"只能查询，不能 {statement.type.name}")
    if not statements:
        raise QueryError("没有要查询的 SQL")
    size = 0
    for statement in statements:
        relation = release.from_query(statement.query)
        wanted = ["VARCHAR" if as_text else _held_by_python(kind) for kind in relation.types]
        columns = (
            f"#{place}" if name == str(kind) else f"cast(#{place} as {name})"
            for place, (kind, name) in enumerate(zip(relation.types, wanted, strict=True), start=1)
        )
        found = relation.project(", ".join(columns)).limit(limit + 1)
        types = dict(zip(unlike(relation.columns), map(str, relation.types), strict=True))
        rows: list[Row] = []
        while (row := found.fetchone()) is not None:
            size += len(pickle.dumps(row))
            if size > ANSWER_BYTES:
                raise QueryError(f"结果超过 {ANSWER_BYTES // 1024**2} MB，请缩小范围")
            rows.append(dict(zip(types, row, strict=True)))
        yield Answer(types, rows[:limit], is_cut=len(rows) > limit)


def _held_by_python(kind: DuckDBPyType) -> str:
    """A type's name in SQL, or that of the same with texts for what Python has no equal of."""
    if kind.id.startswith(_NOT_IN_PYTHON):
        return "VARCHAR"
    if kind.id not in ("list", "array", "map", "struct", "union"):
        return str(kind)
    names, parts = zip(*kind.children, strict=True)
    held = [str(part) if isinstance(part, int) else _held_by_python(part) for part in parts]
    if held == [str(part) for part in parts]:
        return str(kind)
    if kind.id == "list":
        return f"{held[0]}[]"
    if kind.id == "array":
        return f"{held[0]}[{held[1]}]"
    if kind.id == "map":
        return f"MAP({held[0]}, {held[1]})"
    if kind.id == "struct" and all(names):
        fields = (
            '"{}" {}'.format(name.replace('"', '""'), part)
            for name, part in zip(names, held, strict=True)
        )
        return f"STRUCT({', '.join(fields)})"
    return "VARCHAR"  # a union, or a row of values without names
