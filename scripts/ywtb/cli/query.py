"""The command `ywtb query`."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from ywtb.assessment.figures import visible
from ywtb.cli.shared import (
    JsonOption,
    find_project,
    print_json,
    stop,
    stop_unpublished,
)

WIDEST = 200
"""Columns are aligned up to so many places of a terminal; a longer cell pushes what follows it."""


def query(
    sql: Annotated[str, typer.Argument(help="SQL，只读。")],
    timeout: Annotated[float, typer.Option("--timeout", min=0.1, max=3600, help="最多几秒。")] = 60,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=1_000_000, help="最多几行。")
    ] = 10_000,
    as_json: JsonOption = False,
) -> None:
    """在已发布的数据库上运行一条只读 SQL。

    例：ywtb query 'select 部门, 综合得分 from 附件.附件1'
    """
    from ywtb.release.bounded_query import QueryError, ask
    from ywtb.release.releases import NotPublishedError

    try:
        answer = ask(find_project(), sql, timeout, limit, as_text=not as_json)
    except NotPublishedError:
        stop_unpublished()
    except QueryError as error:
        stop(str(error), 2)
    if as_json:
        print_json(answer.rows)
    elif answer.rows:
        _print_table(answer.rows)
    if not as_json:
        typer.echo(f"{len(answer.rows)} 行")
    if answer.is_cut:
        typer.echo(f"只取前 {limit} 行，还有更多；要更多的加 --limit", err=True)


def _print_table(found: Sequence[Mapping[str, str | None]]) -> None:
    """Print every value whole, on a line per row, however narrow the terminal."""
    from rich.cells import cell_len

    names = [visible(name) for name in found[0]]
    lines = [names, *([visible(cell or "") for cell in row.values()] for row in found)]
    columns = zip(*lines, strict=True)
    widths = [max(cell_len(cell[:WIDEST]) for cell in column) for column in columns]
    widths[-1] = 0
    for line in lines:
        padded = (
            cell + " " * (min(width, WIDEST) - cell_len(cell[:WIDEST]))
            for cell, width in zip(line, widths, strict=True)
        )
        typer.echo("  ".join(padded))
