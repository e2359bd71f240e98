"""A workbook for each unit, in which it can follow its score from its own cells and change them."""

from ywtb.exports.formats import Format, Job


def _write(job: Job) -> None:
    from ywtb.exports.recalculation.workbook import write_workbook
    from ywtb.exports.release_month import unit_documents

    for unit, path in unit_documents(job.month, "recalculation", ".xlsx"):
        (job.folder / path).parent.mkdir(exist_ok=True)
        write_workbook(job.month, unit, job.folder / path)
        job.downloads += job.files("recalculation", path=path, unit=unit["unit_name"])


FORMAT = Format(40, _write)
