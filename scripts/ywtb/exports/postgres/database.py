"""Tables put into a PostgreSQL database as a whole, which readers see all at once.

Everything happens in one transaction: the schemas that are there are renamed, new ones are made
under their names and filled, and only the commit lets others see any of it. Whatever ends this
before leaves the database as it was.

A reader's snapshot holds for rows, not for names: a transaction, even a single statement, that has
found an old table could find a new one under the next name. So before the commit the old tables
are locked, which waits for the transactions that have read any of them; readers that come
meanwhile wait some tenths of a second, then the locks are let go and tried again later. New rows
are frozen, so that a transaction whose snapshot is older than they are does not find empty tables.
One that holds on for longer than `PATIENCE_SECONDS` is not waited for: it is told.
"""

import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, LiteralString, TypeAlias

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Composed, Identifier

from ywtb.exports.postgres.served_tables import (
    CITY,
    MONTH,
    NotServedError,
    Served,
    Table,
    postgres_type,
)
from ywtb.lock import LockedError

Connection: TypeAlias = "psycopg.Connection[tuple[Any, ...]]"

IN_USE, REPLACED = "ywtb 发布 ", "ywtb 已换下"
"""How the comments of schemas begin: of those that are read, and that wait to be removed."""

PATIENCE_SECONDS, PAUSE_SECONDS = 10.0, 0.1
CONNECT_SECONDS = 10
_LOCK_MILLISECONDS = 100
_LOCK = SQL("lock table {} in access exclusive mode")
_VIEW_LOCK = SQL("alter view {} reset (security_barrier)")
"""Locks a view and changes nothing; `lock table` would lock what the view reads as well."""

NAME_BYTES = 63
"""What is longer PostgreSQL would cut."""

_WRITER = (0x79777462, 1)
"""Key of the advisory lock that whoever writes holds."""


class DsnError(Exception):
    """What was given is not how a database is named."""


class UnknownRoleError(Exception):
    """There is no such role."""


class UnknownOutcomeError(Exception):
    """The connection was lost while everything was to take effect."""


@dataclass(frozen=True)
class Outcome:
    """What a database has been given.

    Attributes:
        rows: number of rows by table.
        views: number of views.
        owner: role that owns all of it.
        unwaited: transactions with the old tables that went on for too long to wait for.
        kept: schemas that were replaced and are still there, with the reason.
    """

    rows: dict[str, int]
    views: int
    owner: str
    unwaited: list[str]
    kept: list[str]


def serve(dsn: str, served: Served, role: str | None, report: Callable[[str], None]) -> Outcome:
    """Put all tables and views into a database in place of those that an earlier call put there.

    Args:
        dsn: connection string or URL of libpq; what it lacks comes from the environment.
        served: what is served.
        role: who may read it besides the owner.
        report: is told what begins.

    Raises:
        DsnError: it cannot be read.
        UnknownRoleError: the role is not there.
        LockedError: another one is writing.
        NotServedError: there is no connection, or the database refuses, which leaves it as it was.
        UnknownOutcomeError: it may or may not be as it was.
    """
    with _connected(dsn) as connection, _only_writer(connection):
        _check(connection, role)
        _drop_replaced(connection)
        owner = _value(connection, "select current_user")
        try:
            with connection.transaction():
                rows, unwaited = _replace(connection, served, role, report)
        except psycopg.Error as error:
            raise UnknownOutcomeError(str(error)) from error
        try:
            kept = _drop_replaced(connection)
        except psycopg.Error as error:
            kept = [str(error)]
    return Outcome(rows, len(served.tables) - len(rows), owner, unwaited, kept)


def _replace(
    connection: Connection, served: Served, role: str | None, report: Callable[[str], None]
) -> tuple[dict[str, int], list[str]]:
    """Fill new schemas in place of the old; return rows by table and who was not waited for."""
    with _telling("写入"):
        tables = sorted(served.tables, key=lambda table: table.view is not None)
        schemas = sorted({table.place[0] for table in tables})
        replaced = _rename_old(connection, schemas)
        report("写入各表")
        for schema in schemas:
            _create_schema(connection, schema, served.release)
        for table in tables:
            with _telling(f"建立 {table}"):
                connection.execute(_definition(table))
        rows = {str(table): _copy(connection, served, table) for table in tables if not table.view}
        report("主键、外键和索引")
        _add_keys(connection, tables)
        for table in tables:
            connection.execute(_comments(table))
        if role is not None:
            _grant(connection, role, schemas)
        report("换上")
        return rows, _wait_for_readers(connection, replaced)


@contextmanager
def _connected(dsn: str) -> Iterator[Connection]:
    """A session that depends on no setting of the role or the server."""
    try:
        given = conninfo_to_dict(dsn)
    except psycopg.Error:  # its message quotes what was given
        raise DsnError from None
    host, port = str(given.get("host", "")), str(given.get("port", ""))
    if "@" in host[1:] or port.strip("0123456789,"):  # parts of a password that is not encoded
        raise DsnError
    options: dict[str, Any] = {
        "application_name": f"ywtb serve-postgres {os.getpid()} {socket.gethostname()}",
        "client_encoding": "utf8",
        "connect_timeout": given.get("connect_timeout", CONNECT_SECONDS),
    }
    try:
        connection = psycopg.connect(dsn, autocommit=True, **options)
    except psycopg.Error as error:
        password = str(given.get("password") or "")
        said = str(error).replace(password, "***") if password else str(error)
        raise NotServedError(f"连不上 PostgreSQL：{said}") from None
    with connection, _telling("PostgreSQL 不接受"):
        connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        connection.execute(
            "set search_path = ''; set datestyle = 'ISO, YMD'; set timezone = 'UTC';"
            "set statement_timeout = 0; set lock_timeout = 0; set client_min_messages = error"
        )
        yield connection


@contextmanager
def _telling(what: str) -> Iterator[None]:
    """Tell what the database refuses and, of a key, which values."""
    try:
        yield
    except psycopg.Error as error:
        said = error.diag.message_primary or str(error)
        detail = f"（{error.diag.message_detail}）" if error.diag.message_detail else ""
        raise NotServedError(f"{what}：{said}{detail}") from error


@contextmanager
def _only_writer(connection: Connection) -> Iterator[None]:
    """Hold the lock of the one who writes, which ends with the session however that ends."""
    if not _value(connection, "select pg_try_advisory_lock(%s, %s)", _WRITER):
        raise LockedError(
            _value(
                connection,
                """
                select format(
                    '%%s（用户 %%s，始于 %%s）', coalesce(nullif(application_name, ''), pid::text),
                    usename, to_char(backend_start, 'YYYY-MM-DD HH24:MI:SS')
                )
                from pg_locks inner join pg_stat_activity using (pid)
                where locktype = 'advisory' and granted and classid = %s and objid = %s
                    and database = (select oid from pg_database where datname = current_database())
                """,
                _WRITER,
            )
            or "另一个 ywtb serve-postgres"
        )
    try:
        yield
    finally:
        with suppress(psycopg.Error):  # a session that is lost has let it go
            connection.execute("select pg_advisory_unlock(%s, %s)", _WRITER)


def _check(connection: Connection, role: str | None) -> None:
    encoding = _value(connection, "show server_encoding")
    if encoding != "UTF8":
        raise NotServedError(f"数据库的编码是 {encoding}，应为 UTF8")
    if role is not None and not _value(
        connection, "select count(*) from pg_roles where rolname = %s", (role,)
    ):
        raise UnknownRoleError(role)


def _definition(table: Table) -> SQL | Composed:
    """The statement that creates a table or view.

    Raises:
        NotServedError: a name is too long, or a type has no equal.
    """
    for name in (*table.place, *(column.name for column in table.columns)):
        if len(name.encode()) > NAME_BYTES:
            raise NotServedError(f"{table}：名称“{name}”超过 PostgreSQL 所限的 {NAME_BYTES} 字节")
    if table.view:
        return SQL(table.view)
    columns = [
        SQL("{} {} {}").format(
            Identifier(column.name),
            SQL(postgres_type(table, column)),
            SQL("not null" if column.is_required else ""),
        )
        for column in table.columns
    ]
    return SQL("create table {} ({})").format(Identifier(*table.place), SQL(", ").join(columns))


def _rename_old(connection: Connection, wanted: Sequence[str]) -> list[str]:
    """Rename the schemas in use, which others see at the commit; return their new names.

    Raises:
        NotServedError: somebody else's schema has a name that is wanted.
    """
    comments: dict[str, str] = dict(
        connection.execute(
            "select nspname, coalesce(obj_description(oid, 'pg_namespace'), '') from pg_namespace"
        ).fetchall()
    )
    in_use = [name for name, comment in comments.items() if comment.startswith(IN_USE)]
    if strange := [name for name in wanted if name in comments and name not in in_use]:
        raise NotServedError(
            f"数据库中已有别人的模式 {'、'.join(strange)}（注释不是“{IN_USE}…”），没有动它；"
            "请另建一个数据库"
        )
    number = _value(connection, "select pg_current_xact_id()::text")
    renamed = {name: f"{name}__old_{number}" for name in in_use}
    with _telling("换下原有的模式"):
        for name, new_name in renamed.items():
            new = Identifier(new_name)
            connection.execute(SQL("alter schema {} rename to {}").format(Identifier(name), new))
            connection.execute(SQL("comment on schema {} is {}").format(new, REPLACED))
    return list(renamed.values())


def _create_schema(connection: Connection, schema: str, release: str) -> None:
    name = Identifier(schema)
    with _telling(f"建立模式 {schema}"):
        connection.execute(SQL("create schema {}").format(name))
        comment = f"{IN_USE}{release}；每次整体换新，别的表和视图请建在别处"
        connection.execute(SQL("comment on schema {} is {}").format(name, comment))


def _copy(connection: Connection, served: Served, table: Table) -> int:
    """Fill a table; return its number of rows."""
    columns = SQL(", ").join(Identifier(column.name) for column in table.columns)
    statement = SQL("copy {} ({}) from stdin (freeze)").format(Identifier(*table.place), columns)
    with _telling(f"写入 {table}"), connection.cursor() as cursor:
        try:
            with cursor.copy(statement) as copy:
                for lines in served.lines(table):
                    copy.write(lines)
        except (errors.CharacterNotInRepertoire, errors.UntranslatableCharacter):
            if columns_with_nul := served.columns_with_nul(table):
                names = "、".join(columns_with_nul)
                raise NotServedError(f"{table} 的列 {names} 中有空字符（NUL），存不下") from None
            raise
        count: int = cursor.rowcount
        return count


def _add_keys(connection: Connection, tables: Sequence[Table]) -> None:
    """Primary keys, then foreign ones, what a month of a city is found by, and statistics."""
    places = {table.place for table in tables}
    keys = [(table, key) for table in tables for key in table.keys]
    for table, key in sorted(keys, key=lambda each: each[1].table is not None):
        own, of_other = _names(key.columns), _names(key.table_columns)
        statement = SQL("alter table {} add primary key ({})").format(Identifier(*table.place), own)
        if key.table is not None:
            other = table.place[0], key.table
            if other not in places:
                continue
            statement = SQL("alter table {} add foreign key ({}) references {} ({})").format(
                Identifier(*table.place), own, Identifier(*other), of_other
            )
        with _telling(f"{table} 的键"):
            connection.execute(statement)
    both = {MONTH, CITY}
    for table in tables:
        if table.view:
            continue
        place = Identifier(*table.place)
        primary = next((key.columns for key in table.keys if key.table is None), ())
        if both <= {column.name for column in table.columns} and both != set(primary[:2]):
            connection.execute(SQL("create index on {} ({})").format(place, _names((MONTH, CITY))))
        connection.execute(SQL("analyze {}").format(place))


def _comments(table: Table) -> Composed:
    """The statements that describe a table and its columns."""
    name = Identifier(*table.place)
    kind = SQL("view" if table.view else "table")
    described = [(SQL("{} {}").format(kind, name), table.comment)]
    described += [
        (SQL("column {}.{}").format(name, Identifier(column.name)), column.comment)
        for column in table.columns
    ]
    return SQL("; ").join(SQL("comment on {} is {}").format(*each) for each in described)


def _grant(connection: Connection, role: str, schemas: Sequence[str]) -> None:
    """Let a role read, and nothing else."""
    for schema in schemas:
        for right in ("usage on schema", "select on all tables in schema"):
            connection.execute(
                SQL("grant {} {} to {}").format(SQL(right), Identifier(schema), Identifier(role))
            )


def _wait_for_readers(connection: Connection, schemas: Sequence[str]) -> list[str]:
    """Lock what readers have, until the commit; return the transactions that do not end.

    A reader that has one table and asks for another that is locked already is in our way as we
    are in its way. So tables are locked in the order in which readers mostly ask for them, facts
    first, and what could not be locked is the first to be locked the next time.
    """
    found = connection.execute(
        """
        select relation.oid, relkind = 'v', nspname, relname
        from pg_class as relation inner join pg_namespace on pg_namespace.oid = relnamespace
        where nspname = any(%s) and relkind in ('r', 'v') and pg_has_role(relowner, 'usage')
        order by (select count(*) from pg_constraint where conrelid = relation.oid) desc
        """,
        (list(schemas),),
    ).fetchall()
    locks = [
        (_VIEW_LOCK if is_view else _LOCK).format(Identifier(*name)) for _, is_view, *name in found
    ]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (in_the_way := _first_refused(connection, locks)) is not None:
        if time.monotonic() > deadline:
            return _transactions(connection, [oid for oid, *_ in found])
        locks.insert(0, locks.pop(in_the_way))
        time.sleep(PAUSE_SECONDS)
    return []


def _first_refused(connection: Connection, locks: Sequence[Composed]) -> int | None:
    """Take all locks; or none, and return the place of the one that somebody is in the way of."""
    taken = 0
    try:
        with connection.transaction():
            connection.execute(SQL("set local lock_timeout = {}").format(_LOCK_MILLISECONDS))
            for lock in locks:
                connection.execute(lock)
                taken += 1
            connection.execute("set local lock_timeout = 0")
    except (errors.LockNotAvailable, errors.DeadlockDetected):
        return taken
    return None


def _transactions(connection: Connection, relations: Sequence[int]) -> list[str]:
    """Who has locks on some relations."""
    found = connection.execute(
        """
        select distinct format(
            '进程 %%s（用户 %%s%%s，事务始于 %%s）',
            pid, usename, ' ' || nullif(application_name, ''),
            to_char(xact_start, 'YYYY-MM-DD HH24:MI:SS')
        )
        from pg_locks inner join pg_stat_activity using (pid)
        where locktype = 'relation' and relation = any(%s) and pid != pg_backend_pid()
            and database = (select oid from pg_database where datname = current_database())
        order by 1
        """,
        (list(relations),),
    )
    return [told for (told,) in found.fetchall()]


def _drop_replaced(connection: Connection) -> list[str]:
    """Remove what this and earlier calls replaced; return what is left, and why.

    Nothing is removed that others have put into these schemas or made to depend on them.
    """
    replaced: dict[str, list[str]] = {}
    for (schema,) in connection.execute(
        "select nspname from pg_namespace "
        "where obj_description(oid, 'pg_namespace') = %s order by nspname",
        (REPLACED,),
    ).fetchall():
        replaced.setdefault(schema.rpartition("_")[2], []).append(schema)
    kept = []
    for schemas in replaced.values():
        names = "、".join(schemas)
        try:
            with connection.transaction():
                _drop(connection, schemas)
        except (errors.LockNotAvailable, errors.DeadlockDetected):
            kept.append(f"{names}：还有读者")
        except errors.DependentObjectsStillExist as error:
            kept.append(f"{names}：{error.diag.message_detail}")
        except psycopg.Error as error:
            kept.append(f"{names}：{error.diag.message_primary}")
    return kept


def _drop(connection: Connection, schemas: Sequence[str]) -> None:
    connection.execute(SQL("set local lock_timeout = {}").format(_LOCK_MILLISECONDS))
    for kind, letter in (("view", "v"), ("table", "r")):
        found = connection.execute(
            """
            select nspname, relname
            from pg_class inner join pg_namespace on pg_namespace.oid = relnamespace
            where nspname = any(%s) and relkind = %s and pg_has_role(relowner, 'usage')
            """,
            (list(schemas), letter),
        ).fetchall()
        if found:
            names = SQL(", ").join(Identifier(*place) for place in found)
            connection.execute(SQL("drop {} {}").format(SQL(kind), names))
    connection.execute(SQL("drop schema {}").format(_names(schemas)))


def _names(names: Sequence[str]) -> Composed:
    return SQL(", ").join(Identifier(name) for name in names)


def _value(connection: Connection, query: LiteralString, values: Sequence[Any] = ()) -> Any:
    """The one value that a query gives, None where it gives no row."""
    row = connection.execute(query, values).fetchone()
    return row[0] if row else None
