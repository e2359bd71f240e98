"""The tables of a month for analysts and other systems."""

from ywtb.exports.formats import Format, Job


def _write(job: Job) -> None:
    from ywtb.exports.data.tables import write_tables

    write_tables(job.connection, job.month, job.folder / "data")
    job.downloads += job.files("data_package")


FORMAT = Format(30, _write)
