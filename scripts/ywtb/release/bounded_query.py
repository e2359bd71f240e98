"""A query that anybody may type: read-only, in a process of its own, bounded in every respect."""

import pickle
import signal
from dataclasses import dataclass
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
"""Most that an answer comes to, since whoever asks has to hold and show it."""

_NOT_IN_PYTHON = ("date", "time", "interval", "blob", "geometry", "variant")
"""How types begin of which Python lacks values: infinity, nanoseconds, a month, a point."""


class QueryError(Exception):
    """Why there is no answer, in Chinese."""


@dataclass(frozen=True)
class Answer:
    """Rows of an answer; `is_cut` where there are more than were asked for."""

    rows: list[Row]
    is_cut: bool


def ask(project: Project, sql: str, seconds: float, limit: int, as_text: bool = False) -> Answer:
    """Answer SQL from the published release; of several queries, the last one.

    Args:
        project: the checkout.
        sql: queries; nothing that writes, attaches, sets or loads.
        seconds: time after which the query is given up.
        limit: most rows that are returned.
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
    # A Ctrl-C while the process starts waits until there is one to end.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    process.start()
    sender.close()
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        if not receiver.poll(seconds):
            raise QueryError(f"超过 {seconds:g} 秒没有结果，已停止；请缩小范围，或加 --timeout")
        answer: Answer | QueryError = receiver.recv()
    except (EOFError, OSError):
        raise QueryError("查询用尽了内存或使数据库中断，已停止；请缩小范围") from None
    finally:
        process.kill()
        process.join()
    if isinstance(answer, QueryError):
        raise answer
    return answer


def _serve(sender: Connection, database: Path, sql: str, limit: int, as_text: bool) -> None:
    """Send the answer, or why there is none. The parent decides when this ends."""
    child_process.settle()
    child_process.confine(PROCESS_BYTES)
    answer: Answer | QueryError
    try:
        with connect_read_only(database, DATABASE_MEMORY) as release:
            answer = _answer(release, sql, limit, as_text)
    except (duckdb.OutOfMemoryException, MemoryError):
        answer = QueryError("查询需要的内存超过限度，已停止；请缩小范围")
    except QueryError as error:
        answer = error
    except duckdb.Error as error:
        said, _, _ = str(error).partition("\n\nLINE ")  # of the SQL, or of what is made of it
        answer = QueryError(f"SQL 有误：{said}")
    except UnicodeEncodeError:
        answer = QueryError("SQL 中有不是 UTF-8 的文字")
    except DamageError as error:
        answer = QueryError(str(error))
    except Exception as error:  # whatever a value or a text of SQL brings about
        answer = QueryError(f"查询无法回答：{error!r}")
    sender.send(answer)


def _answer(release: duckdb.DuckDBPyConnection, sql: str, limit: int, as_text: bool) -> Answer:
    sql.encode()  # raises where what was typed is no text
    statements = release.extract_statements(sql)
    for statement in statements:
        if not statement.query:  # what DuckDB makes of a PIVOT that has to look for its columns
            raise QueryError("PIVOT 须用 in (…) 写明各列")
        if statement.type != duckdb.StatementType.SELECT:  # EXPLAIN would run whatever it explains
            raise QueryError(f"只能查询，不能 {statement.type.name}")
    if not statements:
        raise QueryError("没有要查询的 SQL")
    relation = release.from_query(statements[-1].query)
    wanted = ["VARCHAR" if as_text else _held_by_python(kind) for kind in relation.types]
    columns = (
        f"#{place}" if name == str(kind) else f"cast(#{place} as {name})"
        for place, (kind, name) in enumerate(zip(relation.types, wanted, strict=True), start=1)
    )
    found = relation.project(", ".join(columns)).limit(limit + 1)
    names = unlike(relation.columns)
    rows: list[Row] = []
    size = 0
    while (row := found.fetchone()) is not None:
        size += len(pickle.dumps(row))
        if size > ANSWER_BYTES:
            raise QueryError(f"结果超过 {ANSWER_BYTES // 1024**2} MB，请缩小范围")
        rows.append(dict(zip(names, row, strict=True)))
    return Answer(rows[:limit], is_cut=len(rows) > limit)


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
