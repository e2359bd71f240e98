"""The command `ywtb ingest`."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ywtb.assessment.problem import problem_lines
from ywtb.cli.shared import (
    JsonOption,
    find_project,
    one_writer,
    print_json,
    stop,
    stop_unless_assessable,
    valid_month,
)
from ywtb.intake.notes import grouped
from ywtb.project import SettingsError

MOST_NOTES = 12
"""Notes that are printed one by one; of more, those of a kind are one line. The archive has all."""

SHOWN = 60
"""Most lines of what is missing that are printed; `ywtb status` has all."""


def ingest(
    sources: Annotated[list[Path], typer.Argument(metavar="SOURCE...", help="文件或文件夹。")],
    month: Annotated[str, typer.Option("--month", help="月份，如 2023-07。")],
    replace: Annotated[bool, typer.Option("--replace", help="替换已有的数据。")] = False,
    reason: Annotated[str | None, typer.Option("--reason", help="修改已发布月份的理由。")] = None,
    allow_gap: Annotated[bool, typer.Option("--allow-gap", help="前一个月没有数据也收。")] = False,
    objections_until: Annotated[
        datetime | None,
        typer.Option("--objections-until", formats=["%Y-%m-%d"], help="异议截止日。"),
    ] = None,
    with_scores: Annotated[
        bool, typer.Option("--with-scores", help="附件中的得分作为所印得分收取。")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="只核对，什么也不写。")] = False,
    as_json: JsonOption = False,
) -> None:
    """收取某月的数据，可分多次：每次全部核对无误才写入，原件存档；收齐即成征求意见稿。

    例：ywtb ingest 报送/7月 --month 2023-07
    """
    from ywtb.intake import ingest as job

    valid_month(month)
    project = find_project()
    stop_unless_assessable(project, month)
    until = objections_until.date() if objections_until else None
    leave = job.Leave(replace, allow_gap, reason, until, check)
    with usage_told():
        outcome = job.ingest(project, sources, month, leave, with_scores)
    tell(outcome, as_json, check)


@contextmanager
def usage_told() -> Iterator[None]:
    """Change a month; exit where something is lacking that the one who asks has to give."""
    from ywtb.intake.ingest import UsageError
    from ywtb.intake.names import UnknownNameError

    try:
        with one_writer():
            yield
    except UsageError as error:
        for line in taken_in_lines(error.outcome) if error.outcome else ():
            typer.echo(line, err=True)
        stop(str(error), 2)
    except (SettingsError, UnknownNameError) as error:
        stop(str(error), 2)
    except OSError as error:
        stop(f"写入失败，种子没有改动或将由下一次收取补完：{error}", 1)


def tell(outcome: Any, as_json: bool, is_check: bool = False) -> None:
    """Print what an intake did, and exit with 1 if it was refused."""
    if as_json:
        print_json(outcome.as_dict())
    elif outcome.problems:
        for line in problem_lines(outcome.problems):
            typer.echo(line, err=True)
        typer.echo(f"发现 {len(outcome.problems)} 处问题，什么也没有写入", err=True)
    else:
        for line in taken_in_lines(outcome):
            typer.echo(line)
        if outcome.is_written:
            typer.echo(f"已写入 {outcome.month}，原件和来源记录存于 {outcome.archive}")
        elif is_check:
            typer.echo(f"{outcome.month} 核对无误，没有写入")
        else:
            typer.echo(f"{outcome.month} 与已有数据完全一致，无需写入")
        if outcome.stage == "draft" and not is_check:
            typer.echo("已收齐，下一步：ywtb refresh 生成征求意见稿")
    if outcome.problems:
        raise typer.Exit(1)


def taken_in_lines(outcome: Any) -> Iterator[str]:
    """What an intake writes, feed by feed and changed cell by changed cell, and what is missing."""
    for feed in outcome.feeds:
        yield (
            f"{feed.label}：{feed.rows} 行，新增 {feed.new_rows} 行，减少 {feed.removed_rows} 行，"
            f"改动 {len(feed.changes)} 格"
        )
        for change in feed.changes:
            old, new = ("无" if each is None else f"“{each}”" for each in (change.old, change.new))
            yield f"    {change.key} {change.column}：{old} → {new}（{change.title}）"
    yield from grouped(outcome.notes) if len(outcome.notes) > MOST_NOTES else outcome.notes
    if outcome.kept_feeds:
        yield f"未收到、保持不变：{'、'.join(outcome.kept_feeds)}"
    if outcome.unused_metrics:
        yield f"未填的全市指标：{'、'.join(outcome.unused_metrics)}"
    if outcome.missing:
        yield f"还缺 {len(outcome.missing)} 项："
        yield from (f"    {gap}" for gap in outcome.missing[:SHOWN])
        if len(outcome.missing) > SHOWN:
            yield f"    ……其余见 ywtb status --month {outcome.month}"
