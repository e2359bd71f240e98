"""The command `ywtb ingest`."""

from collections.abc import Iterator
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
from ywtb.project import SettingsError


def ingest(
    sources: Annotated[list[Path], typer.Argument(metavar="SOURCE...", help="文件或文件夹。")],
    month: Annotated[str, typer.Option("--month", help="月份，如 2023-07。")],
    replace: Annotated[bool, typer.Option("--replace", help="替换已有的月份。")] = False,
    reason: Annotated[str | None, typer.Option("--reason", help="修改已发布月份的理由。")] = None,
    with_scores: Annotated[
        bool, typer.Option("--with-scores", help="附件中的得分作为所印得分收取。")
    ] = False,
    is_check: Annotated[bool, typer.Option("--check", help="只核对，什么也不写。")] = False,
    as_json: JsonOption = False,
) -> None:
    """收取某月的数据：全部核对无误才写入种子，原件存档；有任何问题则什么也不写。

    例：ywtb ingest 报送/7月 --month 2023-07
    """
    from ywtb.intake import ingest as job

    valid_month(month)
    project = find_project()
    stop_unless_assessable(project, month)
    try:
        with one_writer():
            outcome = job.ingest(project, sources, month, replace, reason, with_scores, is_check)
    except job.UsageError as error:
        for line in _lines(error.outcome) if error.outcome else ():
            typer.echo(line, err=True)
        stop(str(error), 2)
    except SettingsError as error:
        stop(str(error), 2)
    except OSError as error:
        stop(f"写入失败，种子没有改动或将由下一次收取补完：{error}", 1)
    if as_json:
        print_json(outcome.as_dict())
    elif outcome.problems:
        for line in problem_lines(outcome.problems):
            typer.echo(line, err=True)
        typer.echo(f"发现 {len(outcome.problems)} 处问题，什么也没有写入", err=True)
    else:
        for line in _lines(outcome):
            typer.echo(line)
        if is_check:
            typer.echo(f"{month} 核对无误，没有写入")
        elif outcome.is_written:
            typer.echo(f"已写入 {month}，原件和来源记录存于 {outcome.archive}")
        else:
            typer.echo(f"{month} 与已有数据完全一致，无需写入")
    if outcome.problems:
        raise typer.Exit(1)


def _lines(outcome: Any) -> Iterator[str]:
    """What an intake writes, feed by feed and changed cell by changed cell."""
    for feed in outcome.feeds:
        yield (
            f"{feed.label}：{feed.rows} 行，新增 {feed.new_rows} 行，减少 {feed.removed_rows} 行，"
            f"改动 {len(feed.changes)} 格"
        )
        for change in feed.changes:
            old, new = ("无" if each is None else f"“{each}”" for each in (change.old, change.new))
            yield f"    {change.key} {change.column}：{old} → {new}"
    yield from outcome.notes
    if outcome.kept_feeds:
        yield f"未收到、保持不变：{'、'.join(outcome.kept_feeds)}"
    if outcome.unused_metrics:
        yield f"未填的全市指标：{'、'.join(outcome.unused_metrics)}"
