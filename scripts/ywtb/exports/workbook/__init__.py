"""The annexes as a workbook."""

from ywtb.exports.formats import Download, Format, Job


def _write(job: Job) -> None:
    from ywtb.exports.workbook.workbook import write_workbook

    first, last = job.month.annexes[0].number, job.month.annexes[-1].number
    name = f"附件{first}-{last}.xlsx"
    write_workbook(job.month, job.folder / name)
    note = "官方版式，数字可直接引用；末页为勘误与调整"
    job.downloads.append(Download(name, f"附件{first}至附件{last}（工作簿）", note))


FORMAT = Format(10, _write)
