"""Tables served by a PostgreSQL of the test's own: what arrives, who may read, what readers see."""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from conftest import BIN, REPEATS, Sandbox, postgres_program
from ywtb.cli import app, main
from ywtb.exports.postgres.served_tables import NotServedError, Served, released
from ywtb.lock import folder_lock

psycopg = pytest.importorskip("psycopg", reason="needs psycopg: make test WITH=postgres")
database = pytest.importorskip("ywtb.exports.postgres.database")

pytestmark = pytest.mark.needs("postgres")


@dataclass
class Server:
    """A PostgreSQL server on a socket in a folder, with a database of each test's own."""

    folder: Path
    count: int = 0

    def dsn(self, name: str, user: str = "office") -> str:
        return f"host={self.folder} dbname={name} user={user}"

    def new_database(self) -> str:
        """DSN of a new, empty database that the role `office` owns."""
        self.count += 1
        name = f"test_{self.count}"
        with psycopg.connect(self.dsn("postgres", "postgres"), autocommit=True) as connection:
            connection.execute(f"create database {name} owner office")
        return self.dsn(name)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Run as an ordinary user, since PostgreSQL refuses root; the path of a socket is short."""
    folder = Path(tempfile.mkdtemp(prefix="ywtb-"))
    as_user: dict[str, Any] = {}
    if os.getuid() == 0:
        shutil.chown(folder, "postgres")
        as_user = {"user": "postgres", "group": "postgres", "extra_groups": []}

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [str(postgres_program(program)), "-D", str(folder / "data"), *arguments],
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
            **as_user,
        )

    run("initdb", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync")
    options = f"-k {folder} -c listen_addresses= -c fsync=off"
    run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
    try:
        started = Server(folder)
        with psycopg.connect(started.dsn("postgres", "postgres")) as connection:
            connection.execute("create role office login; create role reader login")
        yield started
    finally:
        run("pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(folder)


@pytest.fixture
def dsn(server: Server) -> str:
    return server.new_database()


@contextmanager
def release(release_id: str, score: int, *statements: str) -> Iterator[Served]:
    """A small release in which every unit has the same score."""
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            create schema marts; create schema audit; create schema 附件;
            create table audit.release_manifest as select '{release_id}' as release_id;
            create table audit.release_seeds (seed_path varchar);
            create table audit.release_tables (row_count bigint);
            create table marts.dim_units (unit_id varchar primary key, unit_name varchar);
            insert into marts.dim_units select 'U' || n, '单位' || n from range(40) as units (n);
            create table marts.scores (
                unit_id varchar primary key references marts.dim_units (unit_id),
                score decimal(9, 2) not null
            );
            insert into marts.scores select unit_id, {score} from marts.dim_units;
            create view 附件.得分 as select unit_name as 单位, score as 得分
            from marts.scores inner join marts.dim_units using (unit_id);
            """
        )
        for statement in statements:
            connection.execute(statement)
        yield released(connection)


def serve(dsn: str, served: Served, role: str | None = None) -> Any:
    return database.serve(dsn, served, role, lambda phase: None)


def ask(dsn: str, sql: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn) as connection:
        found: list[tuple[Any, ...]] = connection.execute(sql).fetchall()
        return found


def schemas(dsn: str) -> dict[str, str]:
    """What comments say of schemas, `__old_123` cut to `__old`."""
    found: list[Any] = ask(
        dsn,
        "select regexp_replace(nspname, '[0-9]+$', ''), "
        "left(coalesce(obj_description(oid, 'pg_namespace'), ''), 9) "
        "from pg_namespace where nspowner = 'office'::regrole",
    )
    return dict(found)


SERVED = {"audit": "ywtb 发布 A", "marts": "ywtb 发布 A", "附件": "ywtb 发布 A"}


@pytest.fixture(scope="module")
def served_june(june: Sandbox, server: Server) -> tuple[str, Any]:
    """A DSN of June served to `reader` by the command, over a URL, and what that told."""
    dsn = server.new_database()
    url = f"postgresql:///{dsn.split()[1].partition('=')[2]}?host={server.folder}&user=office"
    done = june.run("serve-postgres", url, "--role", "reader", "--json")
    assert done.returncode == 0, done.stderr
    return dsn, json.loads(done.stdout)


@pytest.fixture(scope="module")
def june_dsn(served_june: tuple[str, Any]) -> str:
    return served_june[0]


def test_every_row_arrives_in_its_type(june: Sandbox, served_june: tuple[str, Any]) -> None:
    """Decimals with all their places; nested values as JSON. Views show what they show here."""
    june_dsn, told = served_june
    assert told["release"] == june.release()
    tables = june.rows(
        "select schema_name, table_name, true from duckdb_tables() "
        "where schema_name in ('marts', 'audit') "
        "union all select schema_name, view_name, false from duckdb_views() where not internal"
    )
    assert set(told["tables"]) == {f"{s}.{t}" for s, t, is_table in tables if is_table} | {
        "reference.cities"
    }
    with (
        duckdb.connect(june.root / june.database, read_only=True) as here,
        psycopg.connect(june_dsn) as there,
    ):
        for schema, table, is_table in tables:
            name = f'{schema}."{table}"'
            relation = here.sql(f"from {name}")
            found = there.execute(f"select * from {name}").fetchall()
            assert comparable(found) == comparable(relation.fetchall()), name
            assert not is_table or told["tables"][f"{schema}.{table}"] == len(found)
            served = there.execute(
                """
                select attname, replace(format_type(atttypid, atttypmod), 'numeric', 'DECIMAL')
                from pg_attribute where attrelid = %s::regclass and atttypid = 'numeric'::regtype
                """,
                (name,),
            ).fetchall()
            kinds = zip(relation.columns, map(str, relation.types), strict=True)
            assert dict(served) == {
                column: kind for column, kind in kinds if kind.startswith("DECIMAL")
            }, name


def comparable(rows: list[tuple[Any, ...]]) -> list[str]:
    """Rows in one order, keys of nested values too; a decimal shows its places."""
    return sorted(json.dumps(row, sort_keys=True, default=repr) for row in rows)


def test_keys_and_comments_are_those_of_the_release(june: Sandbox, june_dsn: str) -> None:
    public = "schema_name in ('marts', 'audit', '附件')"
    keys = june.rows(
        "select schema_name, table_name, left(lower(constraint_type), 1), "
        "constraint_column_names, referenced_table, referenced_column_names "
        "from duckdb_constraints() "
        f"where constraint_type in ('PRIMARY KEY', 'FOREIGN KEY') and {public}"
    )
    columns = """(
        select coalesce(array_agg(attname::text order by place), '{{}}')
        from unnest({key}) with ordinality as key (number, place)
        inner join pg_attribute on attrelid = {table} and attnum = number
    )"""
    served = ask(
        june_dsn,
        f"""
        select
            nspname, relname, contype::text, {columns.format(key="conkey", table="conrelid")},
            (select relname from pg_class where oid = confrelid),
            {columns.format(key="confkey", table="confrelid")}
        from pg_constraint inner join pg_class on pg_class.oid = conrelid
        inner join pg_namespace on pg_namespace.oid = relnamespace
        where nspname != 'pg_catalog'
        """,
    )
    assert sorted(map(repr, served)) == sorted(map(repr, keys))
    assert len(keys) > 30
    comments = june.rows(
        f"select schema_name, table_name, column_name, comment, not is_nullable "
        f"from duckdb_columns() where not internal and {public}"
        f"union all select schema_name, table_name, '', comment, null from duckdb_tables() "
        f"where {public}"
        f"union all select schema_name, view_name, '', comment, null from duckdb_views() "
        f"where not internal and {public}"
    )
    described = ask(
        june_dsn,
        """
        select nspname, relname, attname, col_description(pg_class.oid, attnum), attnotnull
        from pg_class inner join pg_namespace on pg_namespace.oid = relnamespace
        inner join pg_attribute on attrelid = pg_class.oid
        where nspname in ('marts', 'audit', '附件') and relkind in ('r', 'v') and attnum > 0
        union all
        select nspname, relname, '', obj_description(pg_class.oid, 'pg_class'), null
        from pg_class inner join pg_namespace on pg_namespace.oid = relnamespace
        where nspname in ('marts', 'audit', '附件') and relkind in ('r', 'v')
        """,
    )
    assert sorted(map(repr, described)) == sorted(map(repr, comments))


def test_a_role_may_read_and_nothing_else(june: Sandbox, june_dsn: str) -> None:
    as_reader = june_dsn.replace("office", "reader")
    expected = june.rows('select * from "附件"."附件3" order by 序号')
    assert ask(as_reader, "select * from 附件.附件3 order by 序号") == expected
    for sql in (
        "insert into marts.dim_months select * from marts.dim_months",
        "update marts.fct_composite_scores set composite_score = 100",
        "delete from audit.points_lost_ledger",
        "truncate audit.annex_cells",
        "drop view 附件.附件1",
        "create table marts.mine (a int)",
    ):
        with psycopg.connect(as_reader) as connection, pytest.raises(psycopg.Error) as refused:
            connection.execute(sql)
        assert refused.type.__name__ == "InsufficientPrivilege", sql


def test_without_a_role_nobody_else_may_read(dsn: str) -> None:
    with release("A", 1) as served:
        serve(dsn, served)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(dsn.replace("office", "reader"), "select * from marts.scores")


def test_a_month_of_a_city_is_found_by_an_index(june_dsn: str) -> None:
    missing = ask(
        june_dsn,
        """
        select attrelid::regclass::text from pg_attribute
        inner join pg_class on pg_class.oid = attrelid and relkind = 'r'
        where attname in ('score_month', 'city_code') and attnum > 0
        group by attrelid
        having count(*) = 2 and not exists (
            select * from pg_index where indrelid = attrelid and (
                select array_agg(key.attname::text) from pg_attribute as key
                where key.attrelid = indrelid and key.attnum in (indkey[0], indkey[1])
            ) @> array['score_month', 'city_code']
        )
        """,
    )
    assert missing == []


ODD = (
    "",
    " ",
    "\\N",
    "\\.",
    "a\tb\nc\rd",
    "back\\slash",
    '"',
    "'",
    "市水务局，100%",
    "🈶",
    "\x01\x7f",
)


def test_odd_values_survive(dsn: str) -> None:
    with release(
        "A",
        1,
        "create table audit.odd (place integer, text varchar)",
        "create table audit.typed (a hugeint, b bigint, c boolean, d date, e timestamp, "
        "f timestamptz, g decimal(38, 10), h struct(x decimal(20, 10), y varchar[]), i varchar)",
        "insert into audit.typed values (170141183460469231731687303715884105727, -5, false, "
        "'2023-06-01', '2023-06-01 12:00:00.123456', '2023-06-01 12:00:00+08', "
        "1234567890123456789012345678.0123456789, "
        "{'x': 1234567890.0123456789, 'y': ['a\"\\', null]}, null)",
    ) as served:
        served.connection.executemany("insert into audit.odd values (?, ?)", list(enumerate(ODD)))
        served = released(served.connection)
        serve(dsn, served)
        typed = served.connection.execute("select * exclude (f, h) from audit.typed").fetchall()
    assert ask(dsn, "select text from audit.odd order by place") == [(text,) for text in ODD]
    assert ask(dsn, "select a, b, c, d, e, g, i from audit.typed") == typed
    assert ask(dsn, "select f at time zone 'UTC', h->>'x', h->'y' from audit.typed") == [
        (datetime(2023, 6, 1, 4), "1234567890.0123456789", ['a"\\', None])
    ]


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        (("create table audit.odd as select chr(0) as text",), "audit.odd 的列 text 中有空字符"),
        (
            ("create table audit.odd as select [chr(0)] as texts",),
            "audit.odd 的列 texts 中有空字符",
        ),
        (("create table audit.odd (score double)",), "audit.odd.score 的类型 DOUBLE"),
        ((f'create table audit.odd ("{"长" * 22}" date)',), f"“{'长' * 22}”超过"),
        (
            ("create view 附件.坏 as select strftime(date '2023-06-01', '%Y') as 年",),
            "建立 附件.坏",
        ),
    ],
)
def test_what_cannot_be_held_is_refused_by_name(
    dsn: str, statements: tuple[str, ...], message: str
) -> None:
    with release("A", 1) as served:
        serve(dsn, served)
    with release("B", 2, *statements) as served, pytest.raises(NotServedError) as refused:
        serve(dsn, served)
    assert message in str(refused.value)
    assert schemas(dsn) == SERVED
    assert ask(dsn, SEEN) == [("A", 40, 40, 40)]


SWITCHES = max(REPEATS, 20)

SEEN = """
    select
        (select release_id from audit.release_manifest), sum(score), count(*), count(unit_name)
    from marts.scores left join marts.dim_units using (unit_id)
"""
"""What a reader asks; unlike releases never agree about it."""


def test_readers_see_one_release_or_the_other_during_twenty_switches(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one statement and in one transaction, through tables and views, however isolated."""
    monkeypatch.setattr(database, "PATIENCE_SECONDS", 600)
    seen: set[tuple[Any, ...]] = set()
    failures: list[BaseException] = []
    is_over = threading.Event()

    def read(isolation: str, begins_with_view: bool) -> None:
        queries = [SEEN, "select sum(得分), count(单位) from 附件.得分"]
        if begins_with_view:
            queries.reverse()
        try:
            with psycopg.connect(dsn, autocommit=True) as connection:
                connection.execute("set statement_timeout = '60s'")
                while not is_over.wait(0.03 if begins_with_view else 0):
                    connection.execute(f"begin isolation level {isolation}")
                    found = [connection.execute(sql).fetchone() for sql in (*queries, *queries)]
                    connection.execute("commit")
                    seen.add(tuple(found[begins_with_view]))
                    assert found[:2] == found[2:]
                    assert found[begins_with_view][1:3] == found[not begins_with_view]
        except BaseException as error:
            failures.append(error)

    with release("A", 1) as one, release("B", 2) as other:
        serve(dsn, one)
        readers = [
            threading.Thread(target=read, args=arguments)
            for arguments in (
                ("read committed", False),
                ("repeatable read", False),
                ("read committed", True),
                ("serializable", False),
            )
        ]
        for reader in readers:
            reader.start()
        unwaited = [serve(dsn, (other, one)[number % 2]).unwaited for number in range(SWITCHES)]
        is_over.set()
        for reader in readers:
            reader.join()
    assert failures == []
    assert seen == {("A", 40, 40, 40), ("B", 80, 40, 40)}
    assert unwaited == [[]] * SWITCHES


@pytest.fixture
def province(june: Sandbox, tmp_path: Path) -> Path:
    """Two cities like June's, in the folders of a province, and a table of its own."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{june.root / june.database}' as release (read_only)")
        for table in ("dim_units", "dim_indicators", "fct_observations", "annex_03_county_summary"):
            columns = connection.table(f"release.marts.{table}").columns
            for city in ("900001", "900002"):
                values = {
                    "city_code": f"'{city}'",
                    "city_name": f"'城市{city}'",
                    "unit_id": f"replace(unit_id, '511700', '{city}')",
                }
                kept = [column for column in columns if column not in values]
                changed = [f"{sql} as {name}" for name, sql in values.items() if name in columns]
                changed = changed or [f"'{city}' as city_code"]
                folder = tmp_path / "marts" / table / f"city_code={city}" / "score_month=2023-06-01"
                folder.mkdir(parents=True)
                connection.execute(
                    f"copy (select {', '.join((*kept, *changed))} from release.marts.{table}) "
                    f"to '{folder / 'data.parquet'}'"
                )
        (tmp_path / "province" / "city_ranks").mkdir(parents=True)
        connection.execute(
            "copy (select '900001' as city_code, cast(89.5 as decimal(9, 2)) as average_score) "
            f"to '{tmp_path / 'province' / 'city_ranks' / 'data.parquet'}'"
        )
    return tmp_path


def test_a_province_is_served_with_the_keys_of_the_release(
    june: Sandbox, dsn: str, province: Path
) -> None:
    done = june.run("serve-postgres", dsn, "--province", str(province))
    assert done.returncode == 0, done.stderr
    units, observations = (
        len(june.rows(f"select * from marts.{table}"))
        for table in ("dim_units", "fct_observations")
    )
    assert ask(
        dsn,
        "select city_code, count(distinct unit_id), count(*) from marts.fct_observations "
        "inner join marts.dim_units using (score_month, unit_id, city_code) "
        "inner join marts.dim_indicators using (score_month, indicator_code) "
        "group by city_code order by city_code",
    ) == [(city, units, observations) for city in ("900001", "900002")]
    keys = ask(
        dsn,
        "select conrelid::regclass::text, contype::text from pg_constraint "
        "where connamespace = 'marts'::regnamespace order by 1, 2",
    )
    assert keys == [
        ("marts.annex_03_county_summary", "p"),
        ("marts.dim_indicators", "p"),
        ("marts.dim_units", "p"),
        ("marts.fct_observations", "f"),
        ("marts.fct_observations", "f"),
        ("marts.fct_observations", "p"),
    ]
    counties = june.rows("select 地区, 综合得分 from 附件.附件3 order by 序号")
    assert (
        ask(dsn, "select 地区, 综合得分 from 附件.附件3 where 城市 = '城市900002' order by 序号")
        == counties
    )
    assert ask(dsn, "select * from province.city_ranks") == [("900001", Decimal("89.50"))]
    assert "没有主键和注释，因为已发布的库中没有：province.city_ranks" in done.stdout
    assert "已发布的库中有而这里没有：audit.adjustments_in_force" in done.stdout


def test_a_province_that_does_not_agree_is_refused(
    june: Sandbox, dsn: str, province: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two cities do not agree about an indicator; a file lacks columns; a file is none."""
    monkeypatch.chdir(june.root)
    with folder_lock(province, "province"):
        done = CliRunner().invoke(app, ["serve-postgres", dsn, "--province", str(province)])
    assert (done.exit_code, "province（进程" in done.stderr) == (3, True)
    indicators = province / "marts" / "dim_indicators"
    path = next(indicators.rglob("*.parquet"))
    for select, message in (
        (
            f"select * replace (indicator_name || '？' as indicator_name) from '{path}'",
            "✗ marts.dim_indicators 的键：",
        ),
        ("select 1 as city_code", "✗ marts.dim_indicators 缺列 score_month"),
        (None, "无法读取"),
    ):
        if select:
            with duckdb.connect() as connection:
                rows = connection.execute(f"create table rows as {select}")
                rows.execute(f"copy rows to '{path}'")
        else:
            path.write_bytes(b"PAR1")
        done = CliRunner().invoke(app, ["serve-postgres", dsn, "--province", str(province)])
        assert done.exit_code == 1
        assert message in done.stderr
        assert schemas(dsn) == {}


@pytest.mark.parametrize("isolation", ["read committed", "repeatable read"])
def test_a_transaction_that_does_not_end_is_told_and_reads_on(
    dsn: str, monkeypatch: pytest.MonkeyPatch, isolation: str
) -> None:
    """What it has of the old release stays until it ends, and is removed by the next call."""
    with (
        release("A", 1) as one,
        release("B", 2) as other,
        psycopg.connect(dsn, application_name="report") as reader,
    ):
        serve(dsn, one)
        reader.execute(f"set transaction isolation level {isolation}")
        assert reader.execute(SEEN).fetchone() == ("A", 40, 40, 40)
        with monkeypatch.context() as patch:
            patch.setattr(database, "PATIENCE_SECONDS", 0.1)
            done = serve(dsn, other)
        (unwaited,) = done.unwaited
        assert f"进程 {reader.info.backend_pid}（用户 office report" in unwaited
        assert len(done.kept) == 1
        assert reader.execute(SEEN).fetchone() == ("B", 80, 40, 40)
        assert ask(dsn, SEEN) == [("B", 80, 40, 40)]
        reader.commit()
        assert serve(dsn, one).kept == []
        assert schemas(dsn) == SERVED


def test_a_snapshot_older_than_the_switch_reads_the_new_release(dsn: str) -> None:
    """Of which it has no older rows: a table must not look empty."""
    with release("A", 1) as one, release("B", 2) as other, psycopg.connect(dsn) as reader:
        serve(dsn, one)
        reader.execute("set transaction isolation level repeatable read")
        reader.execute("select * from pg_class").fetchall()
        assert serve(dsn, other).unwaited == []
        assert reader.execute(SEEN).fetchone() == ("B", 80, 40, 40)


def test_what_others_have_made_is_left_alone(dsn: str) -> None:
    """A view on a served table reads what it has read before, and whoever serves is told."""
    with release("A", 1) as one, release("B", 2) as other:
        serve(dsn, one)
        with psycopg.connect(dsn) as connection:
            connection.execute("create schema mine")
            connection.execute("create view mine.best as select max(score) from marts.scores")
        (kept,) = serve(dsn, other).kept
        assert "mine.best" in kept
        assert ask(dsn, "select * from mine.best") == [(1,)]
        with psycopg.connect(dsn) as connection:
            connection.execute("drop view mine.best")
        assert serve(dsn, one).kept == []
    assert schemas(dsn) == {**SERVED, "mine": ""}


def test_a_schema_of_somebody_else_is_not_replaced(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        connection.execute("create schema marts; create table marts.scores as select 7 as score")
    with release("A", 1) as served, pytest.raises(NotServedError, match="别人的模式 marts"):
        serve(dsn, served)
    assert ask(dsn, "select * from marts.scores") == [(7,)]
    assert list(schemas(dsn)) == ["marts"]


def test_a_kill_in_the_middle_changes_nothing(june: Sandbox, dsn: str) -> None:
    """It is killed when all is written and a reader keeps it from the end of its work."""
    with release("A", 1) as served, psycopg.connect(dsn) as reader:
        serve(dsn, served)
        reader.execute(SEEN)
        command = [str(BIN / "ywtb"), "serve-postgres", dsn]
        with subprocess.Popen(command, cwd=june.root, stderr=subprocess.PIPE, text=True) as writer:
            assert writer.stderr
            assert any("换上" in line for line in writer.stderr)
            writer.send_signal(signal.SIGSTOP)
            second = june.run("serve-postgres", dsn)
            writer.kill()
        assert (second.returncode, second.stdout) == (3, "")
        assert f"ywtb serve-postgres {writer.pid}" in second.stderr
        assert reader.execute(SEEN).fetchone() == ("A", 40, 40, 40)
        assert schemas(dsn) == SERVED
        reader.commit()
        while ask(dsn, "select 1 from pg_locks where locktype = 'advisory'"):
            time.sleep(0.05)  # until the server has noticed
        assert serve(dsn, served).kept == []
    assert schemas(dsn) == SERVED


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        ("postgresql://office:geheim@127.0.0.1:1/ywtb", 1, "连不上 PostgreSQL"),
        ("host=/nonexistent password=geheim", 1, "连不上 PostgreSQL"),
        ("postgresql://office:ge@heim@127.0.0.1/ywtb", 2, "数据库的写法有误"),
        ("postgresql://office:ge/heim@127.0.0.1/ywtb", 2, "数据库的写法有误"),
        ("mysql://office:geheim@127.0.0.1/ywtb", 2, "数据库的写法有误"),
        ("geheim", 2, "数据库的写法有误"),
    ],
)
def test_a_database_that_is_not_there_is_one_line_without_the_password(
    june: Sandbox, monkeypatch: pytest.MonkeyPatch, given: str, code: int, message: str
) -> None:
    monkeypatch.chdir(june.root)
    done = CliRunner().invoke(app, ["serve-postgres", given])
    assert (done.exit_code, done.stdout) == (code, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert "heim" not in done.stderr


def test_an_unknown_role_is_told(june: Sandbox, dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(june.root)
    done = CliRunner().invoke(app, ["serve-postgres", dsn, "--role", "nobody; drop"])
    assert done.exit_code == 2
    assert "没有角色“nobody; drop”" in done.stderr
    assert schemas(dsn) == {}


@pytest.mark.parametrize(
    "given", ["postgresql://office:ge:heim@127.0.0.1/ywtb", "host=127.0.0.1 password = 'ge heim'"]
)
def test_a_log_does_not_keep_the_password(
    unpublished: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    given: str,
) -> None:
    def fail(*arguments: object) -> None:
        raise LookupError

    monkeypatch.setattr("ywtb.cli.serve_postgres.find_project", fail)
    monkeypatch.setattr("sys.argv", ["ywtb", "serve-postgres", given])
    monkeypatch.chdir(unpublished.root)
    with pytest.raises(SystemExit):
        main()
    (log,) = (unpublished.root / "logs").glob("error_*.log")
    text = log.read_text(encoding="utf-8")
    assert "127.0.0.1" in text
    assert "heim" not in text + capsys.readouterr().err
