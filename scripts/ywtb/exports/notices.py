"""Correction notices as text files, one for each release that changed what was published."""

from ywtb.exports.formats import Download, Format, Job
from ywtb.exports.published_record import Change
from ywtb.exports.release_month import grouped


def _write(job: Job) -> None:
    for release, rows in grouped(job.month.tables["audit.revisions"], "release_id").items():
        name = f"更正通知_{release}.txt"
        lines = [
            f"{job.month.month} 更正通知（{release}）",
            f"更正原因：{rows[0]['reason']}",
            "",
            *(str(Change.of(row)) for row in rows),
            "",
        ]
        (job.folder / name).write_text("\n".join(lines), encoding="utf-8")
        job.downloads.append(Download(name, "更正通知", name))


FORMAT = Format(40, _write)
