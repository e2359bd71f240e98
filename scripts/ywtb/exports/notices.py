"""Correction notices as text files, one each time that a release changed what was published."""

from collections import Counter

from ywtb.exports.formats import Download, Format, Job
from ywtb.exports.release_month import grouped
from ywtb.release.records import Change


def _write(job: Job) -> None:
    revisions = grouped(job.month.tables["audit.revisions"], "release_id", "revised_at")
    times = Counter[str]()
    for (release, _), rows in revisions.items():
        times[release] += 1  # more than once if it was rolled back to
        name = f"更正通知_{release}{f'_{times[release]}' if times[release] > 1 else ''}.txt"
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
