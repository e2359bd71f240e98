"""The commands `ywtb object` and `ywtb decide`."""

from datetime import date, datetime
from typing import Annotated

import typer

from ywtb.assessment.reviews import Decision
from ywtb.cli.shared import find_project, one_writer, stop, valid_month


def object_to(
    month: Annotated[str, typer.Argument(help="月份，如 2023-07。")],
    unit: Annotated[str, typer.Argument(help="提出异议的单位。")],
    contested: Annotated[str, typer.Argument(metavar="指标或项目", help="所异议的指标或项目。")],
    claim: Annotated[str, typer.Option("--claim", help="异议内容。")],
    evidence: Annotated[str, typer.Option("--evidence", help="依据，如来函文号。")] = "",
    received_on: Annotated[
        datetime | None, typer.Option("--received-on", formats=["%Y-%m-%d"], help="收到日期。")
    ] = None,
) -> None:
    """登记一个单位对某月得分的异议（核对、复核、申诉）。

    例：ywtb object 2023-07 市水务局 超时件数 --claim 应为0件 --evidence 达水函〔2023〕8号
    """
    from ywtb.assessment import reviews
    from ywtb.intake.contested import contested_cell
    from ywtb.intake.names import UnknownNameError
    from ywtb.lock import writer_lock

    valid_month(month)
    project = find_project()
    if not claim.strip():
        stop("须写明异议内容：--claim “……”", 2)
    day = received_on.date() if received_on else date.today()
    try:
        with one_writer(), writer_lock(project, "object"):
            number = reviews.object_to(
                project,
                month,
                {
                    **contested_cell(project, month, unit, contested),
                    "claim": " ".join(claim.split()),
                    "evidence": " ".join(evidence.split()),
                    "received_on": day.isoformat(),
                },
            )
    except UnknownNameError as error:
        stop(str(error), 2)
    typer.echo(f"已登记异议 {number}，处理后运行 ywtb decide {number}")


def decide(
    number: Annotated[str, typer.Argument(metavar="异议编号", help="如 2023-07-异1。")],
    decision: Annotated[Decision, typer.Argument(help="采纳、部分采纳、不采纳。")],
    reason: Annotated[str, typer.Option("--reason", help="处理理由。")],
    by: Annotated[
        str | None, typer.Option("--by", help="更正所在：勘误编号，或 archive/ 中的编号。")
    ] = None,
) -> None:
    """记下对异议的处理：upheld 采纳、partly 部分采纳、rejected 不采纳；采纳的先更正数据。

    例：ywtb decide 2023-07-异1 upheld --reason 系统重复计数 --by 20230803T020000000000Z
    """
    from ywtb.assessment import reviews
    from ywtb.lock import writer_lock

    project = find_project()
    if not reason.strip():
        stop("须写明处理理由：--reason “……”", 2)
    try:
        with one_writer(), writer_lock(project, "decide"):
            row = reviews.decide(project, number, decision, " ".join(reason.split()), by)
    except reviews.ReviewError as error:
        stop(str(error), 2)
    typer.echo(f"{number}（{row['unit_name']}）：{reviews.DECISIONS[decision]}；运行 ywtb refresh")
