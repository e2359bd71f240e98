"""The command `ywtb acknowledge`."""

from typing import Annotated

import typer

from ywtb.cli.shared import (
    JsonOption,
    find_project,
    one_writer,
    print_json,
    published,
    published_months,
    stop,
    valid_month,
)


def acknowledge(
    month: Annotated[str, typer.Argument(help="月份，如 2023-07。")],
    warnings: Annotated[
        list[str] | None, typer.Argument(metavar="[提醒编号]...", help="不给则列出全部提醒。")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="确认全部提醒。")] = False,
    reason: Annotated[str | None, typer.Option("--reason", help="为什么可以照此发布。")] = None,
    as_json: JsonOption = False,
) -> None:
    """确认看过的提醒，原因存入种子；有提醒没有确认的月份不能发布。

    例：ywtb acknowledge 2023-07 1a2b3c4d --reason 来函说明系统切换
    """
    from ywtb.assessment import reviews
    from ywtb.lock import writer_lock
    from ywtb.release import queries

    valid_month(month)
    project = find_project()
    with one_writer(), writer_lock(project, "acknowledge"), published(project) as release:
        published_months(release, month)
        found = queries.warnings(release, month)
        known = reviews.acknowledged(project, month)
        chosen = found if every else {each: found.get(each, "") for each in warnings or []}
        if unknown := [number for number in chosen if number not in found]:
            stop(f"{month} 没有提醒 {'、'.join(unknown)}，现有：{'、'.join(found) or '无'}", 2)
        if not chosen and as_json:
            print_json({"warnings": [
                {"warning_id": number, "warning": line, "reason": known.get(number)}
                for number, line in found.items()
            ]})  # fmt: skip
            return
        if not chosen:
            for number, line in found.items():
                state = f"（已确认：{known[number]}）" if number in known else ""
                typer.echo(f"{number}  {line}{state}")
            typer.echo(f"{month} 有 {len(found)} 条提醒，{len(found.keys() - known)} 条没有确认")
            return
        if not (reason or "").strip():
            stop("须写明为什么可以照此发布：--reason “……”", 2)
        reviews.acknowledge(project, month, chosen, " ".join((reason or "").split()))
    typer.echo(f"已确认 {len(chosen)} 条提醒，记于 seeds/{reviews.ACKNOWLEDGEMENTS}.csv")
