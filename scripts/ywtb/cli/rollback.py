"""The command `ywtb rollback`."""

from typing import Annotated

import typer

from ywtb.cli.outcome import export_lines
from ywtb.cli.shared import find_project, one_writer, stop, stop_unpublished


def rollback(
    release: Annotated[str | None, typer.Argument(help="发布编号；默认前一次。")] = None,
) -> None:
    """退回到以前的一次发布，导出随之退回。

    例：ywtb rollback
    """
    from ywtb.exports import published_record
    from ywtb.exports.month_folder import export_months
    from ywtb.lock import writer_lock
    from ywtb.release import releases

    project = find_project()
    published = releases.published_release(project)
    if not releases.complete_releases(project):
        stop_unpublished()
    try:
        with one_writer(), writer_lock(project, "rollback"):
            wanted = releases.earlier_release(project, release)
            reason = f"从 {published or '已损坏的发布'} 退回到 {wanted}"
            published_record.roll_back(
                project, project.releases / wanted / releases.DATABASE, reason
            )
            releases.publish(project, wanted)
            exports = export_months(project)
    except releases.NoReleaseError as error:
        kept = "、".join(releases.complete_releases(project))
        stop(f"没有可退回的发布（{error}），留有：{kept}", 2)
    typer.echo(f"已从 {published or '已损坏的发布'} 换到 {wanted}")
    for line in export_lines(project, exports):
        typer.echo(line)
