"""The command `ywtb`, a file per command.

Exit codes: 0 done, 1 data refused, 2 wrong usage, 3 locked.
Whatever only one command needs is imported when that command runs, so that help is there at once.
"""

import sys
from collections.abc import Callable

import typer

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
)

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
    "维护": (status.status, rollback.rollback),
}
"""What each command is for, as the help shows it."""

for _panel, _commands in _PANELS.items():
    for _command in _commands:
        app.command(rich_help_panel=_panel)(_command)


def main() -> None:
    """Run the command line; a disk that cannot be read or written is told, not raised."""
    try:
        app()
    except OSError as error:
        typer.echo(f"读写失败：{error}", err=True)
        sys.exit(1)
