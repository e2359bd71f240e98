"""The annexes as a workbook."""

from ywtb.exports.formats import Format, Job


def _write(job: Job) -> None:
    from ywtb.exports.workbook.workbook import write_workbook

    first, last = job.month.annexes[0].number, job.month.annexes[-1].number
    (file,) = job.files("workbook", first=first, last=last)
    write_workbook(job.month, job.folder / file.path)
    job.downloads.append(file)


FORMAT = Format(10, _write)
