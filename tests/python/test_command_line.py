"""The command line holds under odd terminals, odd places and errors that nobody foresaw."""

import json
import os
import pty
import re
import shlex
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest
import typer

from conftest import BIN, Sandbox
from ywtb.cli import main
from ywtb.cli.shared import published
from ywtb.lock import writer_lock
from ywtb.project import Project
from ywtb.release import queries

RARE = "市䶮✗局"
"""A name with characters that GBK lacks."""


def test_an_unforeseen_error_is_one_line_with_its_log(
    unpublished: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*arguments: object) -> None:
        raise LookupError("one\ntwo")

    monkeypatch.setattr("ywtb.pipeline.seed_files.check_files", fail)
    monkeypatch.setattr("sys.argv", ["ywtb", "check"])
    monkeypatch.chdir(unpublished.root)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    told, log = line.split("；详情见 ")
    assert told == "未预料的错误：LookupError('one\\ntwo')"
    assert Path(log).parent == unpublished.root / "logs"
    text = Path(log).read_text(encoding="utf-8")
    assert text.startswith("ywtb check\nTraceback")


def test_a_package_of_an_optional_group_is_told(june: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "psycopg.py").write_text("raise ModuleNotFoundError")
    done = june.run("serve-postgres", "postgresql://db/ywtb", PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert "WITH=postgres" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_terminal_that_lacks_a_character_shows_its_code(june: Sandbox) -> None:
    for arguments in (("explain", "渠县"), ("query", f"select '{RARE}' as a")):
        done = june.run(*arguments, PYTHONIOENCODING="iso8859-5")
        assert (done.returncode, done.stderr) == (0, "")
    assert "\\u4dae" in done.stdout


def test_json_is_valid_whatever_is_answered(june: Sandbox) -> None:
    sql = (
        f"select '{RARE}' as a, 'nan'::double as b, ['-inf'::double] as c, 1.50 as d, "
        "map {date '2023-06-01': 'nan'::float} as e, {'f': 0.1::double} as g"
    )
    for encoding in ("utf-8", "ascii"):
        done = june.run("query", sql, "--json", PYTHONIOENCODING=encoding)
        (row,) = json.loads(done.stdout, parse_constant=pytest.fail)
        assert row == {
            **{"a": RARE, "b": "nan", "c": ["-inf"], "d": "1.50"},
            **{"e": {"2023-06-01": "nan"}, "g": {"f": 0.1}},
        }


def test_a_place_where_no_database_opens_is_told(june: Sandbox, tmp_path: Path) -> None:
    """Other odd characters are no obstacle."""
    for name, code, told in (
        ("一 网$通[x]*{{y}} %s 'q", 0, ""),
        ("一网?通", 2, "项目所在的路径含有问号，数据库无法打开，请移到别处："),
    ):
        odd = Sandbox(Path(shutil.copytree(june.root, tmp_path / name, symlinks=True)))
        done = odd.run("status")
        assert done.returncode == code
        assert done.stderr.startswith(told)
        assert odd.run("query", "select 1").returncode == code


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        ("nope", "ywtb"),
        ("query", "ywtb query"),
        ("query x y", "ywtb query"),
        ("query x --nope", "ywtb query"),
        ("query x --timeout inf", "ywtb query"),
        ("query x --timeout 1e300", "ywtb query"),
        ("query x --limit 99999999999999999999", "ywtb query"),
        ("explain --limit '\x1b[2J\n'", "ywtb explain"),
        ("refresh --keep 0", "ywtb refresh"),
    ],
)
def test_wrong_usage_is_one_line(june: Sandbox, arguments: str, command: str) -> None:
    done = june.run(*shlex.split(arguments))
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("用法有误：")
    assert line.endswith(f"；见 {command} --help")
    assert line.isprintable()


def test_a_release_of_an_older_version_is_told(
    june: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(queries, "open_release", lambda _: duckdb.connect())
    with pytest.raises(typer.Exit) as stopped, published(Project(june.root)) as release:
        release.execute("from new_table")
    assert stopped.value.exit_code == 2
    assert capsys.readouterr().err == (
        "已发布的数据库由较早的版本建成，缺少 Table with name new_table：先运行 ywtb refresh\n"
    )


def test_without_arguments_the_help_is_shown(june: Sandbox) -> None:
    done = june.run()
    assert (done.returncode, done.stderr) == (2, "")
    assert "refresh" in done.stdout


@pytest.mark.parametrize("arguments", ["status", "check --json", "query 'select 1'"])
def test_a_full_disk_is_told_once(june: Sandbox, arguments: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [BIN / "ywtb", *shlex.split(arguments)],
            cwd=june.root,
            env={**os.environ, "PYTHONUNBUFFERED": ""},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("读写失败：[Errno 28]")


@pytest.mark.parametrize(
    ("closed", "printed"),
    [("<&- 2>&-", '[\n  {\n    "a": 1\n  }\n]\n'), ("<&- >&-", ""), ("<&- >&- 2>&-", "")],
)
def test_closed_streams_are_no_obstacle(june: Sandbox, closed: str, printed: str) -> None:
    done = june.run("-c", f"ywtb query --json 'select 1 as a' {closed}", program="/bin/sh")
    assert (done.returncode, done.stdout, done.stderr) == (0, printed, "")


def test_an_argument_that_is_no_text_is_one_line(june: Sandbox) -> None:
    done = june.run("explain", os.fsdecode(b"\xff"))
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    log = Path(line.split("；详情见 ")[1])
    assert "ywtb explain '\\udcff'" in log.read_text(encoding="utf-8")


def test_what_a_notified_program_prints_is_no_answer(june: Sandbox) -> None:
    with writer_lock(Project(june.root), "test"):
        done = june.run("refresh", "--json", "--notify-command", "tee -a", tools=True)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.count("ywtb refresh 未运行") == 2


def on_a_terminal(sandbox: Sandbox, *arguments: str) -> str:
    """What a command writes as messages where these go to a terminal."""
    here, terminal = pty.openpty()
    process = subprocess.Popen(
        [str(BIN / "ywtb"), *arguments],
        cwd=sandbox.root,
        env={**os.environ, "PATH": str(BIN), "TERM": "xterm-256color", "COLUMNS": "80"},
        stdout=subprocess.DEVNULL,
        stderr=terminal,
    )
    os.close(terminal)
    found = b""
    with suppress(OSError):  # as reading ends where nobody writes any more
        while more := os.read(here, 65536):
            found += more
    os.close(here)
    assert process.wait() == 0
    return found.decode()


@pytest.mark.soak
def test_progress_is_alive_on_a_terminal_and_none_where_quiet(june_copy: Sandbox) -> None:
    (june_copy.root / "exports" / "2023-06" / "manifest.json").unlink()
    shown = on_a_terminal(june_copy, "refresh")
    assert re.search(r"· 核对文件.*0:00:\d\d", shown)
    assert "导出 0/1 个月" in shown
    assert "\x1b[" in shown
    (line,) = on_a_terminal(june_copy, "refresh", "--quiet").splitlines()
    assert line == f"ywtb refresh 完成：没有变化，已发布的仍是 {june_copy.release()}"
