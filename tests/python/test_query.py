"""What anybody may type as a query: answered, bounded, and without a way out of the release."""

import csv
import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import duckdb
import pytest

from conftest import BIN, Sandbox
from ywtb.cli.shell import CONFINED

OUT = "outside"
"""A path that no statement may make or read."""

WAYS_OUT = (
    # Files written.
    f"copy (select 1) to '{OUT}.csv'",
    f"copy marts.dim_units to '{OUT}.parquet' (format parquet)",
    f"copy (select 1) to '{OUT}' (format json)",
    f"copy (select 1) to '{OUT}' (format csv, partition_by (a))",
    f"export database '{OUT}'",
    f"export database '{OUT}' (format parquet)",
    f"attach '{OUT}.duckdb'",
    f"attach '{OUT}.duckdb' as other (read_only)",
    "attach ':memory:' as other",
    f"explain analyze copy (select 1) to '{OUT}.csv'",
    f"call enable_logging(storage = 'file', storage_path = '{OUT}')",
    f"call enable_logging('QueryLog', storage = 'file', storage_config = {{'path': '{OUT}'}})",
    "select * from enable_profiling(save_location = '" + OUT + "')",
    "pragma enable_profiling",
    f"pragma profiling_output = '{OUT}'",
    f"set profiling_output = '{OUT}'",
    f"set log_query_path = '{OUT}'",
    f"pragma log_query_path = '{OUT}'",
    f"pragma temp_directory = '{OUT}'",
    f"set temp_directory = '{OUT}'",
    "reset temp_directory",
    f"set secret_directory = '{OUT}'",
    f"set home_directory = '{OUT}'",
    f"set extension_directory = '{OUT}'",
    # Files and the machine read.
    "select * from read_text('/etc/passwd')",
    "select * from read_blob('/etc/passwd')",
    "select * from read_csv('/etc/passwd')",
    "select * from read_csv_auto('/etc/passwd')",
    "select * from sniff_csv('/etc/passwd')",
    "select * from read_json('/etc/passwd')",
    "select * from read_ndjson_objects('/etc/passwd')",
    "select * from read_parquet('/etc/passwd')",
    "select * from parquet_metadata('/etc/passwd')",
    "select * from parquet_schema('/etc/passwd')",
    "select * from read_duckdb('/etc/passwd')",
    "select * from '/etc/passwd'",
    "select * from glob('/*')",
    "select * from glob('*')",
    "from 'dbt_project.yml'",
    "select getenv('HOME')",
    "select * from duckdb_secrets()",
    "select * from which_secret('s3://x', 's3')",
    "copy marts.dim_units from '/etc/passwd'",
    f"import database '{OUT}'",
    "select * from read_text(['/etc/passwd', '/proc/self/environ'])",
    "select * from parquet_file_metadata('/etc/passwd')",
    "select * from parquet_kv_metadata('/etc/passwd')",
    "select * from query_table('/etc/passwd')",
    "select * from query('from ''/etc/passwd''')",
    "select * from json_execute_serialized_sql(json_serialize_sql('from ''/etc/passwd'''))",
    "with x as (from read_text('/proc/self/environ')) select 1 as a from x",
    "select * from relation",
    "select 1; select * from release",
    "select coalesce(getenv('PATH'), 'x')",
    "set variable x = 1",
    "reset variable x",
    "select 1; select * from query('install httpfs')",
    # Code and the network.
    "install httpfs",
    "install httpfs from community",
    "force install json",
    "load httpfs",
    f"load '{OUT}.duckdb_extension'",
    "update extensions",
    "select * from read_csv('https://example.org/x.csv')",
    "select * from 's3://bucket/x.parquet'",
    "select * from query('copy (select 1) to ''" + OUT + "''')",
    "create secret s (type s3)",
    "create persistent secret s (type s3)",
    "drop secret s",
    # What is published.
    "update marts.fct_composite_scores set composite_score = 100",
    "delete from marts.fct_composite_scores",
    "insert into marts.dim_rules select * from marts.dim_rules",
    "truncate marts.fct_composite_scores",
    "drop table marts.fct_composite_scores",
    "drop schema marts cascade",
    "alter table marts.fct_composite_scores add column x integer",
    "comment on table marts.dim_units is 'x'",
    "create table marts.x (i integer)",
    "create view marts.x as select 1",
    "create schema x",
    "create type x as integer",
    "create sequence x",
    "create macro x() as 1",
    "create index x on marts.dim_units (unit_id)",
    "merge into marts.dim_rules using marts.dim_units on true when matched then delete",
    "vacuum",
    "checkpoint",
    "select * from force_checkpoint()",
    # Settings, and what outlives a statement.
    "set memory_limit = '100GB'",
    "set global threads = 64",
    "pragma memory_limit = '100GB'",
    "set enable_external_access = true",
    "set lock_configuration = false",
    "reset lock_configuration",
    "set allowed_paths = ['/']",
    "set allow_unsigned_extensions = true",
    "create temp table x as select 1",
    "create temp macro x() as 1",
    "create temp view x as select 1",
    "prepare x as select 1",
    "execute x",
    "begin",
    "commit",
    "use memory",
    "detach ywtb",
    "call pragma_version()",
    "select 1; drop table marts.fct_composite_scores",
    # What would run whatever stands in it, and what asks nothing.
    "explain select 1",
    "explain analyze call enable_logging(storage = 'stdout')",
    "explain analyze create temp table x as select 1",
    "pivot marts.dim_units on group_code using count(*)",
    "pragma enable_verification",
    "",
    "; -- nothing",
)


WITHOUT_EFFECT = (
    f"select * from enable_logging(storage = 'file', storage_path = '{OUT}')",
    f"from enable_logging(storage = 'file', storage_path = '{OUT}', level = 'trace'); select 1",
)
"""Answered, but what they ask for does not happen."""


ASKED = """
import json, pathlib, sys
from ywtb.project import Project
from ywtb.release.bounded_query import QueryError, ask

answered = []
for sql in json.load(sys.stdin):
    try:
        list(ask(Project(pathlib.Path.cwd()), sql, 60, 10))
        answered.append(sql)
    except QueryError:
        pass
print(json.dumps(answered))
"""
"""Asks what the command asks, without starting it every time; prints what was answered."""


def test_no_way_out(june: Sandbox) -> None:
    """At least a hundred ways to write, read, load, set and attach, each refused."""
    before = sorted(june.root.rglob("*"))
    release = (june.root / june.database).resolve()
    content = release.read_bytes()
    assert len(set(WAYS_OUT)) > 100
    done = subprocess.run(
        [sys.executable, "-c", ASKED],
        cwd=june.root,
        input=json.dumps(WAYS_OUT + WITHOUT_EFFECT),
        capture_output=True,
        text=True,
        check=True,
    )
    assert set(json.loads(done.stdout)) <= set(WITHOUT_EFFECT)
    assert sorted(june.root.rglob("*")) == before
    assert release.read_bytes() == content


def test_a_refusal_is_one_line_and_no_traceback(june: Sandbox) -> None:
    done = june.run("query", "drop table marts.fct_composite_scores")
    assert (done.returncode, done.stderr) == (2, "只能查询，不能 DROP\n")


ENDLESS = "select sum(a.range * b.range % 7) from range(10000000) a, range(10000000) b"


@pytest.mark.parametrize(
    ("sql", "seconds", "told"),
    [
        (ENDLESS, "1", "秒没有结果"),
        ("select list(range) from range(200000000)", "60", "内存"),
    ],
)
def test_time_and_memory_are_bounded(june: Sandbox, sql: str, seconds: str, told: str) -> None:
    done = june.run("query", sql, "--timeout", seconds)
    assert done.returncode == 2
    assert told in done.stderr


def test_the_size_of_an_answer_is_bounded(june: Sandbox) -> None:
    """Whoever asks has to hold it as well, and a table of long cells takes minutes to draw."""
    done = june.run("query", "select repeat('x', 1000000) from range(100)")
    assert (done.returncode, done.stderr) == (2, "结果超过 64 MB，请缩小范围\n")


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("select nope\nfrom marts.dim_units", "SQL 有误：Binder Error: Referenced column"),
        ("select '\udcff'", "SQL 中有不是 UTF-8 的文字"),
        ("select error(chr(27) || chr(10) || 'x')", "SQL 有误：Invalid Input Error: \\u001b x"),
    ],
)
def test_what_is_wrong_with_sql_is_one_line(june: Sandbox, sql: str, told: str) -> None:
    done = june.run("query", sql)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(told)
    assert done.stderr.count("\n") == 1


EXACT = """
select
    1.10 as "[/]", 2 as a, 3 as a, 4 as a_3, true as b, null as c, {'d': 1.10} as d,
    date 'infinity' as e, [timestamp '-infinity'] as f, interval '1 year 2 days' as g,
    interval '2147483647 months' as h, timestamp_ns '2023-06-01 00:00:00.123456789' as i,
    blob '\\xAA' as j, map {[1]: 'x'} as k, 170141183460469231731687303715884105727 as l
"""


def test_values_and_names_are_exact(june: Sandbox) -> None:
    """Python has no infinite date, no nanosecond, no month; rich reads markup in headings."""
    names, values, count = june.run("query", EXACT).stdout.splitlines()
    assert re.split(" {2,}", names) == [*("[/]", "a", "a_3", "a_3_4", "b"), *"cdefghijkl"]
    texts = {
        **{"a": "2", "b": "true", "d": "{'d': 1.10}", "e": "infinity", "f": "[-infinity]"},
        **{"g": "1 year 2 days", "h": "178956970 years 7 months"},
        **{"i": "2023-06-01 00:00:00.123456789", "j": r"\xAA", "k": "{[1]=x}"},
        "l": "170141183460469231731687303715884105727",
    }
    found = [value for value in re.split(" {2,}", values) if value]
    assert found == ["1.10", "2", "3", "4", *[text for key, text in texts.items() if key != "a"]]
    assert count == "1 行"
    (row,) = json.loads(june.run("query", EXACT, "--json").stdout)
    assert row == {
        **{**texts, "[/]": "1.10", "a": 2, "a_3": 3, "a_3_4": 4, "b": True, "c": None},
        **{
            "d": {"d": "1.10"},
            "f": ["-infinity"],
            "k": {"key": [[1]], "value": ["x"]},
            "l": int(texts["l"]),
        },
    }


def test_what_steers_a_terminal_is_shown(june: Sandbox) -> None:
    sql = (
        "select chr(27) || '[2J' || chr(10) || '9 行' as \"\u202ea\", chr(155) || chr(917505) as b"
    )
    table = june.run("query", sql).stdout
    assert re.sub(" +", " ", table) == (
        "\\u202ea b\n\\u001b[2J\\u000a9 行 \\u009b\\udb40\\udc01\n1 行\n"
    )
    text = june.run("query", sql, "--json").stdout
    assert all(line.isprintable() for line in text.splitlines())
    assert json.loads(text) == [{"\u202ea": "\x1b[2J\n9 行", "b": "\x9b\U000e0001"}]


def test_no_value_is_cut_to_fit_a_terminal(june: Sandbox) -> None:
    sql = "select repeat('字', 6000) as a, 1.10 as b, repeat('x', 12000) as c"
    names, values, _ = june.run("query", sql, COLUMNS="1").stdout.splitlines()
    assert names.split() == ["a", "b", "c"]
    assert values.split() == ["字" * 6000, "1.10", "x" * 12000]


def test_a_log_does_not_come_between_the_answer(june: Sandbox) -> None:
    """A long one, since DuckDB keeps a short one until the process ends."""
    log = "from enable_logging(storage = 'stdout', level = 'trace')"
    sql = f"{log}; select 1 as a -- {'x' * 100_000}"
    assert json.loads(june.run("query", sql, "--json").stdout)[1:] == [[{"a": 1}]]


def test_rows_are_bounded_and_told(june: Sandbox) -> None:
    done = june.run("query", "select * from range(7)", "--limit", "5")
    assert done.returncode == 0
    assert done.stdout.endswith("5 行\n")
    assert "只取前 5 行" in done.stderr
    assert "只取" not in june.run("query", "select * from range(5)", "--limit", "5").stderr


def test_several_queries_are_answered_one_by_one(june: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "几条.sql"
    file.write_text("\ufeffselect 1 as a; -- 甲\nselect 2 as b where false; select nope", "utf-8")
    done = june.run("query", "-f", str(file))
    assert (done.returncode, done.stdout) == (2, "a\n1\n1 行\n\n0 行\n")
    assert done.stderr.startswith("第 3 条查询：SQL 有误：")
    done = june.run("query", f"select 1 as a; {ENDLESS}", "--timeout", "1", "--out", "never.csv")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "第 2 条查询：超过 1 秒没有结果，已停止；请缩小范围，或加 --timeout\n"
    assert not (june.root / "never.csv").exists()


VALUES = r"""
select
    1.10 as a, '=1+1' as "=b", '-2' as c, -0.00001::double as d, '-inf'::double as e, null as f,
    [{'x': 'y, "''', 'z': 1.10}] as g, sum(1) as h, date 'infinity' as i, interval '1 month' as j,
    'x' || chr(13) || chr(10) || '=1' as k, '' as l, chr(27) as m
"""


def test_csv_runs_nothing_in_a_spreadsheet(june: Sandbox, tmp_path: Path) -> None:
    """The same bytes as a file and when sent elsewhere; what might be a formula has a ' before."""
    out = tmp_path / "x.CSV"
    assert june.run("query", f"{VALUES}; select 1 as a", "--out", str(out)).stdout == ""
    one, other = out.read_bytes().decode("utf-8-sig").split("\r\n\r\n")
    names, values = csv.reader(io.StringIO(one, newline=""))
    assert names == ["a", "'=b", *"cdefghijklm"]
    assert values == [
        *("1.10", "'=1+1", "-2", "-1e-05", "'-inf", "", r"""[{'x': 'y, "\'', 'z': 1.10}]"""),
        *("1", "infinity", "1 month", "x\r\n=1", "", "\x1b"),
    ]
    assert other == "a\r\n1\r\n"
    sent = june.run("query", "select 1 as a, '字' as b", "--format", "csv").stdout
    assert sent == "\ufeffa,b\n1,字\n"


def test_parquet_keeps_types_and_values(june: Sandbox, tmp_path: Path) -> None:
    out = tmp_path / "x.parquet"
    assert june.run("query", VALUES, "--out", str(out)).returncode == 0
    described = duckdb.sql(f"describe from '{out}'").fetchall()
    kinds = {name: kind for name, kind, *_ in described}
    assert (kinds["a"], kinds["h"], kinds["i"]) == ("DECIMAL(3,2)", "DECIMAL(38,0)", "DATE")
    assert kinds["g"] == "STRUCT(x VARCHAR, z DECIMAL(3,2))[]"
    texts = "select columns(*)::varchar from"
    assert duckdb.sql(f"{texts} '{out}'").fetchall() == duckdb.sql(f"{texts} ({VALUES})").fetchall()
    for sql, told in (
        ("select [170141183460469231731687303715884105727] as a", "在 Parquet 中会变"),
        ("select 1; select 2", "只能存一条"),
        ("select 1 where false", ""),
    ):
        done = june.run("query", sql, "--out", str(tmp_path / "y.parquet"))
        assert (done.returncode, told in done.stderr) == (2 if told else 0, True)
    assert duckdb.sql(f"from '{tmp_path}/y.parquet'").fetchall() == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "须给出其一"),
        (("select 1", "-f", "dbt_project.yml"), "须给出其一"),
        (("select 1", "--json", "--format", "csv"), "不能同时使用"),
        (("-f", "nowhere.sql"), "用法有误"),
        (("-f", "warehouse/ywtb.duckdb"), "不是 UTF-8"),
    ],
)
def test_what_does_not_fit_is_wrong_usage(
    june: Sandbox, arguments: tuple[str, ...], told: str
) -> None:
    done = june.run("query", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_terminal_gets_no_parquet_and_is_not_steered_by_csv(june: Sandbox) -> None:
    master, terminal = os.openpty()
    for form, sql in (("parquet", "select 1"), ("csv", "select chr(27) as a")):
        command = [str(BIN / "ywtb"), "query", sql, "--format", form]
        subprocess.run(command, cwd=june.root, stdout=terminal, stderr=terminal, check=False)
    os.close(terminal)
    told, *shown = os.read(master, 10_000).decode().split("\r\n")
    assert told.startswith("用法有误：Parquet 不能显示在终端上：加 --out 文件名.parquet；")
    assert shown == ["a", r"\u001b", ""]


def test_ctrl_c_ends_a_query(june: Sandbox) -> None:
    """The signal goes to the foreground, which is the command and the process that it asks."""
    process = subprocess.Popen(
        [str(BIN / "ywtb"), "query", ENDLESS],
        cwd=june.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    while not _children(process.pid):
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode != 0
    assert b"Traceback" not in errors
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


FORK = """
import os, signal, sys, threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
def interrupt():
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(1_000_000):
        pass
os.register_at_fork(after_in_parent=interrupt)
from ywtb.cli import main
main()
"""


def test_ctrl_c_while_the_process_starts_is_not_lost(june: Sandbox) -> None:
    """Python drops what is raised while it forks, and another thread may take the signal then."""
    command = [sys.executable, "-c", FORK, "query", ENDLESS]
    done = subprocess.run(command, cwd=june.root, capture_output=True, timeout=40, check=False)
    assert done.returncode != 0
    assert "秒没有结果" not in done.stderr.decode()


def test_nothing_runs_on_when_the_command_is_killed(june: Sandbox) -> None:
    process = subprocess.Popen([str(BIN / "ywtb"), "query", ENDLESS], cwd=june.root)
    while not (children := _children(process.pid)):
        time.sleep(0.05)
    process.kill()
    process.wait()
    while any(Path(f"/proc/{child}").exists() for child in children):  # else the test never ends
        time.sleep(0.05)


def test_shell_wants_its_group_and_a_terminal(june: Sandbox) -> None:
    done = june.run("shell")
    assert (done.returncode, done.stdout) == (2, "")
    if find_spec("harlequin"):
        assert done.stderr == "ywtb shell 要在终端中运行；别处用 ywtb query\n"
    else:
        assert done.stderr == "缺少 harlequin：先运行 make .venv/installed-shell WITH=shell\n"


@pytest.mark.needs("harlequin")
def test_shell_has_no_way_out(june: Sandbox, tmp_path: Path) -> None:
    """Harlequin's own connection, as the command has it opened; temporary tables are its own."""
    from harlequin.exception import HarlequinQueryError
    from harlequin_duckdb import DuckDbAdapter

    script = tmp_path / "confined.sql"
    script.write_text(CONFINED)
    release = (june.root / june.database).resolve()
    before, content = sorted(june.root.rglob("*")), release.read_bytes()
    shell = DuckDbAdapter([str(release)], init_path=script, read_only=True).connect()
    answered = []
    for sql in WAYS_OUT:
        with suppress(HarlequinQueryError):
            cursor = shell.execute(sql)
            answered.append((sql, str(cursor and cursor.fetchall())))
        with suppress(HarlequinQueryError):
            shell.execute("rollback")
    shell.close()
    assert sorted(june.root.rglob("*")) == before
    assert release.read_bytes() == content
    outside = re.compile(r"/etc|environ|getenv|https?:|s3|load|install|glob|outside|marts\.")
    assert [sql for sql, _ in answered if outside.search(sql)] == []


@pytest.mark.needs("harlequin")
def test_shell_opens_the_release_on_a_terminal(june: Sandbox) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(june.root)
        os.execve(BIN / "ywtb", ["ywtb", "shell"], {**os.environ, "TERM": "xterm-256color"})
    seen = b""
    while b"Query Editor" not in seen:
        seen += os.read(terminal, 100_000)
    os.write(terminal, b"\x11")  # Ctrl-Q
    with suppress(OSError):  # which is how a terminal ends
        while os.read(terminal, 100_000):
            pass
    assert os.waitpid(pid, 0)[1] == 0


def _children(pid: int) -> list[str]:
    """The processes that the command has started, which is one that asks."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    return children.read_text().split() if children.is_file() else []
