"""The tables of a month for analysts and other systems."""

from ywtb.exports.exposures import Download
from ywtb.exports.formats import Format, Job


def _write(job: Job) -> None:
    from ywtb.exports.data.tables import write_tables

    tables = write_tables(job.connection, job.month, job.folder / "data", job.month.release)
    job.downloads += job.files("data_package")
    job.downloads += [
        Download(f"data/{kind}/{table.name}.{kind}", f"{table.title} {table.name}")
        for kind in ("csv", "parquet")
        for table in tables
    ]


FORMAT = Format(30, _write)
