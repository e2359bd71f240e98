"""The command `ywtb query`."""

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from ywtb.cli.shared import (
    JsonOption,
    find_project,
    plain_text,
    print_json,
    stop,
    stop_unpublished,
)


def query(
    sql: Annotated[str, typer.Argument(help="SQL，只读。")],
    timeout: Annotated[float, typer.Option("--timeout", min=0.1, help="最多几秒。")] = 60,
    limit: Annotated[int, typer.Option("--limit", min=1, help="最多几行。")] = 10_000,
    as_json: JsonOption = False,
) -> None:
    """在已发布的数据库上运行一条只读 SQL。

    例：ywtb query 'select 部门, 综合得分 from 附件.附件1'
    """
    from ywtb.release.bounded_query import QueryError, ask
    from ywtb.release.releases import NotPublishedError

    try:
        answer = ask(find_project(), sql, timeout, limit)
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


def _print_table(found: Sequence[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*found[0], box=None, pad_edge=False)
    for row in found:
        table.add_row(*(Text("" if each is None else plain_text(each)) for each in row.values()))
    width = None if sys.stdout.isatty() else 10_000
    Console(width=width).print(table)
