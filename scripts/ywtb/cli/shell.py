"""The command `ywtb shell`."""

import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ywtb.cli.shared import find_project, stop, stop_unpublished

CONFINED = """
set temp_directory = '';
set enable_external_access = false;
set lock_configuration = true;
"""
"""Whatever is typed reads nothing but the release, as with `ywtb query`."""


def shell() -> None:
    """在终端中用 Harlequin 浏览已发布的数据库，只读；按 F1 看按键，Ctrl-Q 退出。

    打开时的发布一直不变；要看后来的发布，退出再打开。
    """
    from ywtb.release.releases import NotPublishedError, published_database

    if find_spec("harlequin") is None:
        stop("缺少 harlequin：先运行 make .venv/installed-shell WITH=shell", 2)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        stop("ywtb shell 要在终端中运行；别处用 ywtb query", 2)
    try:
        database = published_database(find_project())
    except NotPublishedError:
        stop_unpublished()
    from harlequin.app import Harlequin
    from harlequin.cli import harlequin

    Harlequin.action_export = _tell_export
    with TemporaryDirectory() as folder:
        script = Path(folder, "confined.sql")
        script.write_text(CONFINED)
        sys.argv = ["harlequin", "--profile", "None", "--adapter", "duckdb", "--read-only"]
        sys.argv += ["--init-path", str(script), str(database)]
        harlequin()


def _tell_export(app: Any) -> None:
    """In place of Harlequin's own export, whose CSV a spreadsheet would run the formulas of."""
    app.notify("导出用 ywtb query --out 文件.csv（或 .parquet）")
