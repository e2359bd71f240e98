"""The command `ywtb query`."""

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from ywtb.cli.shared import JsonOption, find_project, plain_text, print_json, published, stop


def query(
    sql: Annotated[str, typer.Argument(help="SQL，只读。")], as_json: JsonOption = False
) -> None:
    """在已发布的数据库上运行一条只读 SQL。

    例：ywtb query 'select 单位名称, 综合得分 from 附件.附件1'
    """
    import duckdb

    from ywtb.release import queries

    try:
        with published(find_project()) as release:
            found = queries.rows(release, sql)
    except duckdb.Error as error:
        stop(f"SQL 有误：{error}", 2)
    if as_json:
        print_json(found)
        return
    if found:
        _print_table(found)
    typer.echo(f"{len(found)} 行")


def _print_table(found: Sequence[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*found[0], box=None, pad_edge=False)
    for row in found:
        table.add_row(*(Text("" if each is None else plain_text(each)) for each in row.values()))
    width = None if sys.stdout.isatty() else 10_000
    Console(width=width).print(table)
