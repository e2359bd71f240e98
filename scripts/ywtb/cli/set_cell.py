"""The command `ywtb set`."""

from typing import Annotated

import typer

from ywtb.cli.ingest import tell, usage_told
from ywtb.cli.shared import JsonOption, find_project, stop, valid_month


def set_cell(
    month: Annotated[str, typer.Argument(help="月份，如 2023-07。")],
    unit: Annotated[str, typer.Argument(help="单位名称或别名。")],
    indicator: Annotated[str, typer.Argument(help="指标名称或代码。")],
    value: Annotated[str, typer.Argument(help="新值，写法同报送文件。")],
    reason: Annotated[str, typer.Option("--reason", help="更正的原因，随原值存档。")],
    as_json: JsonOption = False,
) -> None:
    """更正一个单元格，原值和原因存档；已发布的月份随后用 ywtb refresh --revise。

    例：ywtb set 2023-07 市水务局 超时件数 3 --reason 来函更正
    """
    from ywtb.intake import ingest as job

    valid_month(month)
    if not reason.strip():
        stop("须写明原因：--reason “……”", 2)
    leave = job.Leave(to_replace=True, reason=reason.strip())
    with usage_told():
        outcome = job.set_cell(find_project(), month, unit, indicator, value, leave)
    tell(outcome, as_json)
