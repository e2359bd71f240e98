"""The command `ywtb`, a file per command.

Exit codes: 0 done, 1 data refused, 2 wrong usage, 3 locked.
Whatever only one command needs is imported when that command runs, so that help is there at once.
"""

import os
import re
import shlex
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import typer

from ywtb.checksums import DamageError
from ywtb.cli import (
    acknowledge,
    calibrate,
    check,
    compare,
    discard,
    explain,
    export,
    improve,
    ingest,
    objections,
    preview,
    province,
    publish,
    query,
    refresh,
    robustness,
    rollback,
    serve_postgres,
    set_cell,
    shell,
    status,
    synth,
    template,
    verify,
    whatif,
)
from ywtb.cli.shared import one_line
from ywtb.project import Project, ProjectNotFoundError

app = typer.Typer(
    help="“一网通办”月度考核：核对、计分、发布、说明。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
_PANELS: dict[str, tuple[Callable[..., None], ...]] = {
    "收数": (template.template, ingest.ingest, set_cell.set_cell, discard.discard, check.check),
    "发布": (
        refresh.refresh,
        preview.preview,
        acknowledge.acknowledge,
        objections.object_to,
        objections.decide,
        publish.publish,
        export.export,
        serve_postgres.serve_postgres,
    ),
    "分析": (
        explain.explain,
        compare.compare,
        whatif.whatif,
        improve.improve,
        robustness.robustness,
        calibrate.calibrate,
        query.query,
        shell.shell,
    ),
    "全省": (synth.synth, province.province),
    "维护": (status.status, verify.verify, rollback.rollback),
}
"""What each command is for, as the help shows it."""

_NAMES = {"set_cell": "set", "object_to": "object", "serve_postgres": "serve-postgres"}
"""Commands whose names are taken in Python, or none in it."""

for _panel, _commands in _PANELS.items():
    for _command in _commands:
        _name = _NAMES.get(_command.__name__, _command.__name__)
        app.command(_name, rich_help_panel=_panel)(_command)


def main() -> None:
    """Run the command line; whatever goes wrong unforeseen is one line, and the rest in a log."""
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a terminal may not know every character
            stream.reconfigure(errors="backslashreplace")
    try:
        sys.exit(app(standalone_mode=False))
    except typer.TyperException as error:
        _tell_wrong_usage(error)
        sys.exit(2)
    except DamageError as error:
        typer.echo(one_line(str(error)), err=True)
        sys.exit(1)
    except Exception as error:
        typer.echo(_told(error), err=True)
        if isinstance(error, OSError):  # where it is the output that is full, nothing is told twice
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(1)


def _open_what_is_closed() -> None:
    """Have three standard streams, or the next pipe or database takes the place of one of them."""
    while (opened := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(opened, True)
    os.close(opened)
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8")
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8")


def _tell_wrong_usage(error: Any) -> None:
    """Say what is wrong with options or arguments, in the words of the library that reads them.

    Where nothing was given at all, the library has shown the help already and has no words.
    """
    if said := error.format_message():
        context = getattr(error, "ctx", None)
        command = context.command_path if context else f"ywtb {sys.argv[1]}"
        typer.echo(one_line(f"用法有误：{said.rstrip('.')}；见 {command} --help"), err=True)


def _told(error: Exception) -> str:
    what = f"读写失败：{error}" if isinstance(error, OSError) else f"未预料的错误：{error!r}"
    now = datetime.now(UTC)
    try:
        log = Project.find(Path.cwd()).root / "logs" / f"error_{now:%Y%m%dT%H%M%S%f}Z.log"
        log.parent.mkdir(exist_ok=True)
        details = "".join(traceback.format_exception(error))
        log.write_text(
            f"{shlex.join(map(_without_password, sys.argv))}\n{details}",
            encoding="utf-8",
            errors="backslashreplace",
        )
    except (OSError, ProjectNotFoundError):
        return one_line(what)
    return one_line(f"{what}；详情见 {log}")


def _without_password(argument: str) -> str:
    """An argument that may name a database, as a log may keep it."""
    hidden = re.sub(r"(?<=//)[^/\s]*(?=@)", "***", argument)
    return re.sub(r"(?<=password)\s*=\s*('(\\.|[^'])*'|\S+)", "=***", hidden)
