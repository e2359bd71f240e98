"""Correction notices as text files, one for each release that corrected the month."""

from ywtb.exports.formats import Download, Format, Job
from ywtb.release.revisions import notices


def _write(job: Job) -> None:
    for name, text in notices(job.month.tables["audit.revisions"]).items():
        (job.folder / name).write_text(text, encoding="utf-8")
        job.downloads.append(Download(name, "更正通知", name))


FORMAT = Format(40, _write)
