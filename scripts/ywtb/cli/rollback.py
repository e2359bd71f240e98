"""The command `ywtb rollback`."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ywtb.cli.outcome import export_lines
from ywtb.cli.shared import find_project, one_writer, stop, stop_unpublished


def rollback(
    release: Annotated[str | None, typer.Argument(help="发布编号；默认前一次。")] = None,
    reason: Annotated[str, typer.Option("--reason", help="退回的原因，记入各月的记录。")] = "",
) -> None:
    """退回到以前的一次发布，导出随之退回。

    例：ywtb rollback --reason 七月数据有误
    """
    from ywtb.exports import published_record
    from ywtb.exports.month_folder import export_months
    from ywtb.lock import writer_lock
    from ywtb.release import releases

    project = find_project()
    published = releases.published_release(project) or "已损坏的发布"
    if not releases.complete_releases(project):
        stop_unpublished()
    if not reason.strip():
        stop("须写明退回的原因：--reason “……”", 2)
    try:
        with one_writer(), writer_lock(project, "rollback"):
            wanted = releases.earlier_release(project, release)
            said = f"从 {published} 退回到 {wanted}：{' '.join(reason.split())}"
            database = project.releases / wanted / releases.DATABASE
            months = published_record.roll_back(project, database, said)
            releases.publish(project, wanted)
            _log(project.root / "logs" / "refresh", wanted, said)
            exports = export_months(project)
    except releases.NoReleaseError as error:
        kept = "、".join(releases.complete_releases(project))
        stop(f"没有可退回的发布（{error}），留有：{kept}", 2)
    typer.echo(f"已从 {published} 换到 {wanted}")
    for line in export_lines(project, exports):
        typer.echo(line)
    if months:
        options = " ".join(f"--revise {month}" for month in months)
        typer.echo(
            f"种子没有变：不先更正种子，下一次 ywtb refresh 又会改动 {'、'.join(months)}，"
            f"须加 {options} --reason “……”"
        )


def _log(folder: Path, release: str, said: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    line = {"time": now.isoformat(), "event": "rollback", "release": release, "reason": said}
    path = folder / f"{now:%Y%m%dT%H%M%S%f}Z.jsonl"
    path.write_text(json.dumps(line, ensure_ascii=False) + "\n", encoding="utf-8")
