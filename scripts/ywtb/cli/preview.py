"""The command `ywtb preview`."""

import typer

from ywtb.cli.outcome import print_refused, summary_lines
from ywtb.cli.progress import progress
from ywtb.cli.shared import (
    JsonOption,
    MonthOption,
    QuietOption,
    find_project,
    one_writer,
    print_json,
    valid_month,
)


def preview(
    month: MonthOption = None, quiet: QuietOption = False, as_json: JsonOption = False
) -> None:
    """另行建库，印出未发布各月的得分、名次和提醒，及已发布的数值会有的变化；不发布。

    例：ywtb preview --month 2023-06
    """
    from ywtb.pipeline import refresh as job

    project = find_project()
    wanted = valid_month(month)
    with one_writer(), progress(quiet) as report:
        outcome = job.preview(project, report)
    changes = [change for change in outcome.changes if wanted in (None, change.month)]
    months = [each for each in outcome.new_months if wanted in (None, each["month"])]
    if outcome.is_refused:
        print_refused(project, outcome, as_json)
        raise typer.Exit(1)
    if as_json:
        changed = [vars(change) for change in changes]
        print_json({"months": months, "warnings": outcome.warnings, "changes": changed})
        return
    for line in summary_lines(months):
        typer.echo(line)
    for warning in outcome.warnings:
        typer.echo(f"提醒：{warning}")
    for change in changes:
        typer.echo(str(change))
    typer.echo(f"已发布的月份有 {len(changes)} 个单元格会变")
