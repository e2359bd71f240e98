"""The command `ywtb`, a file per command.

Exit codes: 0 done, 1 data refused, 2 wrong usage, 3 locked.
Whatever only one command needs is imported when that command runs, so that help is there at once.
"""

import shlex
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path

import typer

from ywtb.checksums import DamageError
from ywtb.cli import (
    check,
    explain,
    export,
    ingest,
    preview,
    query,
    refresh,
    rollback,
    status,
    template,
    verify,
)
from ywtb.project import Project, ProjectNotFoundError

app = typer.Typer(
    help="“一网通办”月度考核：核对、计分、发布、说明。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_PANELS: dict[str, tuple[Callable[..., None], ...]] = {
    "收数": (template.template, ingest.ingest, check.check),
    "发布": (preview.preview, refresh.refresh, export.export),
    "分析": (explain.explain, query.query),
    "维护": (status.status, verify.verify, rollback.rollback),
}
"""What each command is for, as the help shows it."""

for _panel, _commands in _PANELS.items():
    for _command in _commands:
        app.command(rich_help_panel=_panel)(_command)


def main() -> None:
    """Run the command line; whatever goes wrong unforeseen is one line, and the rest in a log."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal may not know every character
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except DamageError as error:
        typer.echo(str(error), err=True)
        sys.exit(1)
    except Exception as error:
        typer.echo(_told(error), err=True)
        sys.exit(1)


def _told(error: Exception) -> str:
    what = f"读写失败：{error}" if isinstance(error, OSError) else f"未预料的错误：{error!r}"
    now = datetime.now(UTC)
    try:
        log = Project.find(Path.cwd()).root / "logs" / f"error_{now:%Y%m%dT%H%M%S%f}Z.log"
        log.parent.mkdir(exist_ok=True)
        details = "".join(traceback.format_exception(error))
        log.write_text(f"{shlex.join(sys.argv)}\n{details}", encoding="utf-8")
    except (OSError, ProjectNotFoundError):
        return " ".join(what.split())
    return f"{' '.join(what.split())}；详情见 {log}"
