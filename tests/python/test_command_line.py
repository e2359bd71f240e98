"""The command line holds under odd terminals, odd places and errors that nobody foresaw."""

import json
import shutil
from pathlib import Path

import pytest

from conftest import Sandbox
from ywtb.cli import main

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


def test_a_terminal_that_lacks_a_character_shows_its_code(june: Sandbox) -> None:
    for arguments in (("explain", "渠县"), ("query", f"select '{RARE}' as a")):
        done = june.run(*arguments, PYTHONIOENCODING="ascii")
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
