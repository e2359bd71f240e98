"""Correction notices, one each time that a release changed what was published.

As an official document, which says what people see, and as a text file, which lists everything.
"""

from collections import Counter

from ywtb.exports.bulletin.pdf import libreoffice
from ywtb.exports.corrections import notices
from ywtb.exports.formats import Format, Job
from ywtb.release.records import Change


def _write(job: Job) -> None:
    from ywtb.exports.bulletin.notice import write_notice

    times = Counter[str]()
    for notice in notices(job.month):
        times[notice.release] += 1  # more than once if it was rolled back to
        again = f"_{times[notice.release]}" if times[notice.release] > 1 else ""
        document, pdf, text = job.files(
            "correction_notices",
            name=f"{notice.release}{again}",
            number=notice.number,
            day=notice.day,
        )
        lines = [
            f"{job.month.month} 更正通知第{notice.number}号（{notice.day}，版本 {notice.release}）",
            f"更正原因：{notice.reason}",
            "",
            *(str(Change.of(row)) for row in notice.rows),
            "",
        ]
        (job.folder / text.path).write_text("\n".join(lines), encoding="utf-8")
        write_notice(job.month, notice, job.folder / document.path)
        job.downloads += [document, *([pdf] if libreoffice() else []), text]


FORMAT = Format(15, _write)
"""Before the bulletin, whose LibreOffice makes the PDFs of all documents."""
