"""The command `ywtb refresh`, the main job."""

import contextlib
from collections.abc import Sequence
from typing import Annotated, Any, NoReturn

import typer

from ywtb.checksums import DamageError
from ywtb.cli.outcome import export_lines, print_refused, summary_lines
from ywtb.cli.progress import PHASES, progress
from ywtb.cli.shared import (
    JsonOption,
    MonthOption,
    QuietOption,
    find_project,
    print_json,
    published,
    stop,
    stop_wrong_usage,
    valid_month,
)
from ywtb.project import Project, SettingsError

KEPT = 24
"""Releases that stay on disk."""

GAPS = 5
"""Most of what is missing that is named; `ywtb status` has all."""


def refresh(
    month: MonthOption = None,
    revise: Annotated[
        list[str] | None, typer.Option("--revise", help="允许更正的已发布月份，可多次给出。")
    ] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="更正的原因。")] = None,
    keep: Annotated[int, typer.Option("--keep", min=1, help="保留几次发布。")] = KEPT,
    full: Annotated[bool, typer.Option("--full", help="各月全部重建，没有变化也重建。")] = False,
    notify_command: Annotated[
        str | None, typer.Option("--notify-command", help="结束后运行的命令，摘要从标准输入给它。")
    ] = None,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """主任务：核对、建库、测试，全部通过才发布；然后印出摘要（--month 选月份，默认全部）。

    例：ywtb refresh
    """
    from ywtb.pipeline.refresh import Revision

    project = find_project()
    wanted = valid_month(month)
    with contextlib.suppress(SettingsError):  # the refresh itself says what is wrong with them
        if wanted and wanted.replace("-", "_") not in project.score_months():
            stop(f"score_months 中没有 {wanted}", 2)
    months = tuple(each for each in (valid_month(given) for given in revise or []) if each)
    if bool(months) != bool(reason and reason.strip()):
        stop_wrong_usage("更正已发布的月份须同时给出 --revise 和 --reason")
    revision = Revision(months, reason.strip()) if reason else None
    run(project, revision, keep, full, wanted, quiet, as_json, notify_command)


def run(
    project: Project,
    revision: Any = None,
    keep: int = KEPT,
    full: bool = False,
    wanted: str | None = None,
    quiet: bool = False,
    as_json: bool = False,
    notify_command: str | None = None,
) -> NoReturn:
    """Refresh, say what came of it, and exit."""
    from ywtb.lock import LockedError
    from ywtb.pipeline import refresh as job

    try:
        with progress(quiet) as report:
            outcome = job.refresh(project, report, revision, keep, full)
    except LockedError as error:
        _notify(notify_command, line := f"ywtb refresh 未运行：{error} 正在进行")
        stop(line, 3)
    except DamageError as error:
        _notify(notify_command, line := f"ywtb refresh 没有完成：{error}")
        stop(line, 1)
    except OSError as error:
        _notify(notify_command, line := f"ywtb refresh 没有完成，读写失败：{error}")
        stop(line, 1)
    if outcome.is_published or outcome.is_current:
        stands = _print_published(project, outcome, wanted, as_json)
        line = f"ywtb refresh 完成：{_what_stands(outcome)}"
        if any(export.error for export in outcome.exports):
            line += "，但导出没有完成"
        line = "；".join([line, *stands])
    else:
        print_refused(project, outcome, as_json)
        line = (
            f"ywtb refresh 未发布：{len(outcome.problems)} 处数据问题，"
            f"{len(outcome.failures)} 项测试未过，{len(outcome.frozen_months)} 个已发布月份会变"
        )
    typer.echo(line, err=True)
    _notify(notify_command, line)
    is_done = not outcome.is_refused and not any(export.error for export in outcome.exports)
    raise typer.Exit(0 if is_done else 1)


def _notify(command: str | None, line: str) -> None:
    """Run the command of --notify-command, without a shell; its failure is told, not raised.

    What it prints goes where messages go, since the answer is what a program may read.
    """
    if not command:
        return
    import shlex
    import subprocess

    try:
        subprocess.run(  # noqa: S603 (the caller's own command)
            shlex.split(command), input=f"{line}\n", stdout=2, text=True, timeout=60, check=True
        )
    except (OSError, ValueError, IndexError, subprocess.SubprocessError) as error:
        typer.echo(f"通知命令没有成功：{error}", err=True)


def _print_published(
    project: Project, outcome: Any, wanted: str | None, as_json: bool
) -> list[str]:
    """Print what stands now; returns what a month that is not published waits for, in short."""
    from ywtb.assessment.months import month_states
    from ywtb.assessment.reviews import acknowledged
    from ywtb.release import queries

    with published(project) as release:
        summaries = [
            summary
            for each in queries.months(release)
            if wanted in (None, each)
            for summary in queries.summaries(release, each)
        ]
        drafts = {each["month"]: each for each in summaries if each["stage"] == "draft"}
        for summary in summaries:
            if summary["month"] in drafts:
                found = queries.ranking(release, summary["month"], summary["city_code"])
                summary["ranking"] = found
        checked = {each.replace("_", "-") for each in outcome.checked_months}
        warnings = [
            (month, number, line, known.get(number))
            for month in sorted({*drafts, *checked})
            for known in [acknowledged(project, month)]
            for number, line in queries.warnings(release, month).items()
        ]
    database = str(project.published.relative_to(project.root))
    seconds = {phase: round(value, 2) for phase, value in outcome.seconds.items()}
    waiting = [
        f"{state.month} {_waits_for(project, state, warnings)}"
        for state in month_states(project).values()
        if state.stage != "final"
    ]
    if as_json:
        print_json(
            {
                "release": outcome.release,
                "database": database,
                "months": summaries,
                "warnings": [line for _, _, line, _ in warnings],
                "changes": [vars(change) for change in outcome.changes],
                "exports": [export.as_dict() for export in outcome.exports],
                "waiting": waiting,
                "seconds": seconds,
            }
        )
        return waiting
    months = {summary["month"] for summary in summaries}
    typer.echo(f"{_what_stands(outcome)}，共 {len(months)} 个月")
    for line in summary_lines(summaries):
        typer.echo(line)
    for month, number, warning, reason in warnings:
        label = f"提醒 {number}" if month in drafts else "提醒"
        typer.echo(f"{label}：{warning}" + (f"（已确认：{reason}）" if reason else ""))
    for change in outcome.changes:
        typer.echo(f"更正：{change}")
    for line in export_lines(project, outcome.exports):
        typer.echo(line)
    typer.echo(f"数据库：{database}")
    for line in waiting:
        typer.echo(line)
    if not outcome.is_current:
        built = len(outcome.checked_months)
        typer.echo(f"重建 {built} 个月，沿用 {outcome.month_count - built} 个月")
    taken = (f"{PHASES[phase]} {value:.2f} 秒" for phase, value in seconds.items())
    typer.echo("用时：" + "，".join(taken))
    return waiting


def _waits_for(
    project: Project, state: Any, warnings: Sequence[tuple[str, str, str, str | None]]
) -> str:
    if state.stage == "collecting":
        from ywtb.intake.collection import collected

        _, gaps = collected(project, state.month)
        shown = "、".join(map(str, gaps[:GAPS])) + ("等" if len(gaps) > GAPS else "")
        return f"收数中，缺 {len(gaps)} 项（{shown}），详见 ywtb status --month {state.month}"
    open_ones = [each for each in warnings if each[0] == state.month and each[3] is None]
    until = f"，异议截止 {state.objections_until}" if state.objections_until else ""
    return (
        f"征求意见中，{len(open_ones)} 条提醒待确认{until}；看过后运行 ywtb publish {state.month}"
    )


def _what_stands(outcome: Any) -> str:
    if outcome.is_current:
        return f"没有变化，已发布的仍是 {outcome.release}"
    return f"已发布 {outcome.release}"
