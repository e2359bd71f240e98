"""The command `ywtb publish`."""

from dataclasses import replace
from datetime import date
from typing import Annotated

import typer

from ywtb.cli import refresh
from ywtb.cli.shared import (
    JsonOption,
    QuietOption,
    find_project,
    one_writer,
    published,
    stop,
    valid_month,
)


def publish(
    month: Annotated[str, typer.Argument(help="月份，如 2023-07。")],
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """把征求意见稿定稿发布：异议都已处理，提醒都已确认，期号和日期齐全，才会发布；此后冻结。

    例：ywtb publish 2023-07
    """
    from ywtb.assessment.months import month_states, write_state
    from ywtb.lock import writer_lock
    from ywtb.pipeline.fingerprints import month_checksums
    from ywtb.pipeline.publication import obstacles
    from ywtb.pipeline.seed_files import check_files
    from ywtb.release.records import read_records

    valid_month(month)
    project = find_project()
    with one_writer(), writer_lock(project, "publish"), published(project) as release:
        found = [str(problem) for problem in check_files(project)]
        if not found:
            figures = month_checksums(project, is_of_figures=True)
            found = [f"✗ {line}" for line in obstacles(project, release, month, figures)]
        for line in found:
            typer.echo(line, err=True)
        if found:
            stop(f"{month} 没有发布", 1)
        draft = month_states(project)[month]
        write_state(project, month, replace(draft, stage="final", published_on=date.today()))
    try:
        refresh.run(project, wanted=month, quiet=quiet, as_json=as_json)
    finally:
        if not any(recorded == month for recorded, _ in read_records(project)):
            write_state(project, month, draft)
