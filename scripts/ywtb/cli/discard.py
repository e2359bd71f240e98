"""The command `ywtb discard`."""

from typing import Annotated

import typer

from ywtb.cli.ingest import usage_told
from ywtb.cli.shared import find_project, valid_month


def discard(
    month: Annotated[str, typer.Argument(help="月份，如 2023-07。")],
    reason: Annotated[str, typer.Option("--reason", help="撤回的原因，随数据存档。")] = "",
) -> None:
    """撤回一个尚未发布的月份，已收的数据留在存档中。

    例：ywtb discard 2023-07 --reason 误收为七月
    """
    from ywtb.intake import ingest as job

    valid_month(month)
    with usage_told():
        archive = job.discard(find_project(), month, reason.strip())
    typer.echo(f"已撤回 {month}，数据存于 {archive}；运行 ywtb refresh 更新数据库")
