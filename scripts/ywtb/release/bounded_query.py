"""A query that anybody may type: read-only, in a process of its own, bounded in every respect."""

import resource
import signal
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import duckdb

from ywtb.project import Project
from ywtb.release.queries import Row, column_names, connect_read_only
from ywtb.release.releases import published_database

DATABASE_MEMORY = "1GB"
PROCESS_BYTES = 4 * 1024**3
"""Address space of the process, in case that an answer takes more than the database may."""


class QueryError(Exception):
    """Why there is no answer, in Chinese."""


@dataclass(frozen=True)
class Answer:
    """Rows of an answer; `is_cut` where there are more than were asked for."""

    rows: list[Row]
    is_cut: bool


def ask(project: Project, sql: str, seconds: float, limit: int) -> Answer:
    """Answer SQL from the published release; of several statements, the last one.

    Args:
        project: the checkout.
        sql: queries; nothing that writes, attaches, sets or loads.
        seconds: time after which the query is given up.
        limit: most rows that are returned.

    Raises:
        NotPublishedError: nothing has been published yet.
        DamageError: what was published is not there any more as it was.
        QueryError: the SQL is not valid or not allowed, or takes too long or too much memory.
    """
    database = published_database(project)
    context = get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(sender, database, sql, limit), daemon=True)
    process.start()
    sender.close()
    try:
        if not receiver.poll(seconds):
            raise QueryError(f"超过 {seconds:g} 秒没有结果，已停止；请缩小范围，或加 --timeout")
        answer: Answer | QueryError = receiver.recv()
    except EOFError:
        process.join(1)
        raise QueryError("查询用尽了内存或使数据库中断，已停止；请缩小范围") from None
    finally:
        process.kill()
        process.join()
    if isinstance(answer, QueryError):
        raise answer
    return answer


def _serve(sender: Connection, database: Path, sql: str, limit: int) -> None:
    """Send the answer, or why there is none. The parent decides when this ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (PROCESS_BYTES, PROCESS_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # not a byte is written, whatever was missed
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        with connect_read_only(database, DATABASE_MEMORY) as release:
            sender.send(_answer(release, sql, limit))
    except (duckdb.OutOfMemoryException, MemoryError):
        sender.send(QueryError("查询需要的内存超过限度，已停止；请缩小范围"))
    except duckdb.Error as error:
        sender.send(QueryError(f"SQL 有误：{error}"))
    except QueryError as error:
        sender.send(error)


def _answer(release: duckdb.DuckDBPyConnection, sql: str, limit: int) -> Answer:
    cursor = None
    for statement in release.extract_statements(sql):
        if statement.type not in (duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN):
            raise QueryError(f"只能查询，不能 {statement.type.name}")
        cursor = release.execute(statement)
    if cursor is None or cursor.description is None:
        return Answer([], is_cut=False)
    names = column_names(cursor)
    found = cursor.fetchmany(limit + 1)
    rows = [dict(zip(names, row, strict=True)) for row in found[:limit]]
    return Answer(rows, is_cut=len(found) > limit)
