"""The command `ywtb preview`."""

import typer

from ywtb.cli.outcome import print_refused, show_phase
from ywtb.cli.shared import (
    JsonOption,
    MonthOption,
    find_project,
    one_writer,
    print_json,
    valid_month,
)


def preview(month: MonthOption = None, as_json: JsonOption = False) -> None:
    """另行建库，印出与已发布数据的不同之处；不发布。

    例：ywtb preview --month 2023-06
    """
    from ywtb.pipeline import refresh as job

    project = find_project()
    wanted = valid_month(month)
    with one_writer():
        outcome = job.preview(project, show_phase)
    changes = [change for change in outcome.changes if wanted in (None, change.month)]
    if outcome.is_refused:
        print_refused(project, outcome, as_json)
        raise typer.Exit(1)
    if as_json:
        print_json({"changes": [vars(change) for change in changes]})
    else:
        for change in changes:
            typer.echo(str(change))
        typer.echo(f"已发布的月份有 {len(changes)} 个单元格会变")
