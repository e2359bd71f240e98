"""The folders of exports, written aside, then put in place in one step.

A city's month is in `exports/2023-06/`, and in `exports/<city_code>/2023-06/` where several cities
have units in the month; a draft's in the same place below `exports/draft/`.
"""

import logging
import os
import shutil
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field, replace
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any

import duckdb

from ywtb import atomic_folder
from ywtb.assessment.months import planned_days
from ywtb.assessment.sql import literal
from ywtb.checksums import MANIFEST, Damage, changed_files, read_manifest, seal
from ywtb.exports.data_docs import write_data_docs
from ywtb.exports.exposures import Download, exposures
from ywtb.exports.formats import Job, formats
from ywtb.exports.news import Published, write_news
from ywtb.exports.published_record import changes, revisions
from ywtb.exports.release_month import ReleaseMonth, read_month
from ywtb.exports.site.months import MonthlySite, write_months
from ywtb.project import Project
from ywtb.release.queries import Row, open_release, rows
from ywtb.release.records import CITY, MONTH, Record, read_records
from ywtb.release.releases import month_checksums

DRAFTS = "draft"


class UnlikeRecordError(Exception):
    """A month would be written with other words or figures than are on record as published."""


@dataclass
class Export:
    """What was written for a month, what people should know about it, or why it was not written."""

    month: str
    city_code: str
    stage: str
    folder: Path
    notes: list[str] = field(default_factory=list)
    error: str | None = None

    @property
    def aside(self) -> Path:
        """Where the month is written before it is put in place."""
        return self.folder.with_name(f".{self.month}.new")

    def as_dict(self) -> dict[str, Any]:
        """The export for programs."""
        return {**asdict(self), "folder": str(self.folder)}


def export_months(
    project: Project,
    months: Sequence[str] | None = None,
    report: Callable[[str, int, int], None] = lambda phase, done, total: None,
    city_code: str | None = None,
) -> list[Export]:
    """Write the exports of months of the published release. The lock is held.

    A month that cannot be written keeps its earlier exports, and the others are written. Exports of
    months that the release does not hold are removed, as after a rollback. Of one city, nothing of
    the others is read, and neither Data Docs nor what other cities left is touched.

    Args:
        project: the checkout.
        months: such as `2023-06`; by default those that the release would change.
        report: called with "export", the months that are written and how many there are to write.
        city_code: the only city whose months are written; by default those of all.

    Raises:
        ywtb.release.releases.NotPublishedError: nothing has been published yet.
        DamageError: the release, or a record of what was published, is not as it was.
    """
    project.exports.mkdir(exist_ok=True)
    for left in _below(project, ".*.new"):
        _remove(left)
    records = read_records(project, city_code)
    with open_release(project) as release:
        origins = {
            month.replace("_", "-"): {
                "month": month.replace("_", "-"),
                "release": project.published.resolve().parent.name,
                "input_sha256": checksum,
            }
            for month, checksum in month_checksums(release).items()
        }
        exports = _published(project, release, city_code)
        if city_code is None:
            sites = {(each.month, each.city_code): each.folder / "site" for each in exports}
            write_data_docs(release, project.exports, sites)
        due = [
            export
            for export in exports
            if (
                not _is_current(export.folder, origins[export.month]["input_sha256"])
                if months is None
                else export.month in months
            )
        ]

        @lru_cache(maxsize=4)  # a city's month is some 10 MB
        def read(month: str, city_code: str) -> ReleaseMonth:
            return _read(release, month, city_code, records.get((month, city_code)))

        offered = exposures(project)
        jobs = [
            Job(
                partial(read, export.month, export.city_code),
                release,
                export.aside / "new",
                _earlier(export, exports),
                offered,
                notes=export.notes,
            )
            for export in due
        ]
        _write(list(zip(due, jobs, strict=True)), origins, report)
        if city_code is None:
            _list_sites(project, release, exports, records)
    if city_code is None:
        _remove_others(project, {export.folder for export in exports})
    return due


def _published(
    project: Project, release: duckdb.DuckDBPyConnection, city_code: str | None = None
) -> list[Export]:
    """An export for each city's month of the release, oldest first, yet to be written."""
    found = rows(
        release,
        "select strftime(score_month, '%Y-%m') as month, city_code, is_only, stage "
        "from intermediate.int_cities_monthly inner join marts.dim_months using (score_month) "
        + ("" if city_code is None else f"where city_code = {literal(city_code)} ")
        + "order by month, city_code",
    )
    return [
        Export(
            row["month"],
            row["city_code"],
            row["stage"],
            project.exports
            / ("" if row["stage"] == "final" else DRAFTS)
            / ("" if row["is_only"] else row["city_code"])
            / row["month"],
        )
        for row in found
    ]


def _list_sites(
    project: Project,
    release: duckdb.DuckDBPyConnection,
    exports: Sequence[Export],
    records: Mapping[tuple[str, str], Record],
) -> None:
    """Lead to the sites that there are, from the final months only to those of final months."""
    cities = {row["city_code"]: row for row in rows(release, "from reference.cities")}
    stages = rows(release, "select stage, page_mark from reference.stages")
    marks = {row["stage"]: row["page_mark"] for row in stages}
    there = [each for each in exports if each.folder.is_dir()]
    sites = [
        MonthlySite(each.month, cities[each.city_code]["city_name"], marks[each.stage], folder)
        for each in there
        for folder in (each.folder / "site",)
    ]
    final = [each for each in sites if not each.mark]
    months = {each.month for each in final}
    planned = {month: day for month, day in planned_days(project).items() if month not in months}
    news = _write_news(project, release, there, cities, records)
    write_months(project.exports, final, planned, news)
    write_months(project.exports / DRAFTS, sites if len(sites) > len(final) else [], planned)


def _write_news(
    project: Project,
    release: duckdb.DuckDBPyConnection,
    exports: Sequence[Export],
    cities: Mapping[str, Row],
    records: Mapping[tuple[str, str], Record],
) -> list[Download]:
    """Tell programs what was ever published of the cities that the release knows."""
    published_on = {
        f"{row['score_month']:%Y-%m}": row["published_on"]
        for row in rows(release, "from marts.dim_months")
    }
    sites = {
        (each.month, each.city_code): (each.folder / "site").relative_to(project.exports).as_posix()
        for each in exports
    }
    structure: list[Row] = []
    with suppress(duckdb.CatalogException):  # of earlier code
        structure = rows(release, "from audit.release_changes order by all")
    return write_news(
        project.exports,
        [record for (_, city), record in records.items() if city in cities],
        {
            (month, city): Published(
                cities[city], published_on.get(month), sites.get((month, city), "")
            )
            for month, city in records
            if city in cities
        },
        structure,
    )


def _below(project: Project, pattern: str) -> list[Path]:
    """What is called so where folders of months may be."""
    places = ("", f"{CITY}/", f"{DRAFTS}/", f"{DRAFTS}/{CITY}/")
    return sorted(each for place in places for each in project.exports.glob(place + pattern))


def _earlier(export: Export, exports: Sequence[Export]) -> dict[str, str]:
    """Folders of the city's earlier months by month, as seen from the export's folder.

    Those of drafts are nothing that a final month knows of.
    """
    return {
        each.month: Path(os.path.relpath(each.folder, export.folder)).as_posix()
        for each in exports
        if each.city_code == export.city_code
        and each.month < export.month
        and (each.stage == "final" or export.stage == "draft")
    }


def damaged_exports(
    project: Project, release: duckdb.DuckDBPyConnection | None
) -> Iterator[Damage]:
    """Exported files that are not as they were written, or not from the published release.

    Args:
        project: the checkout.
        release: the published release; None where that is not whole.
    """
    expected = {}
    if release is not None:
        checksums = month_checksums(release)
        for each in _published(project, release):
            expected[each.folder] = checksums.get(each.month.replace("-", "_"))
    for folder in sorted({*_folders(project), *expected}):
        for path, problem in _damage(folder, expected.get(folder)):
            remedy = "运行 ywtb export 重新写出"
            yield Damage(str(path.relative_to(project.root)), problem, remedy)


def _folders(project: Project) -> list[Path]:
    """Folders of months that were exported."""
    return [manifest.parent for manifest in _below(project, f"{MONTH}/{MANIFEST}")]


def _remove_others(project: Project, folders: set[Path]) -> None:
    for folder in set(_folders(project)) - folders:
        _remove(folder)
    for place in (f"{DRAFTS}/{CITY}", DRAFTS, CITY):
        for folder in project.exports.glob(place):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _damage(folder: Path, checksum: str | None) -> list[tuple[Path, str]]:
    """What of a month's exports is not as it was written, or not from what `checksum` says."""
    manifest = folder / MANIFEST
    found = changed_files(manifest)
    if not found and checksum is not None:
        made_from = (read_manifest(manifest) or {}).get("input_sha256")
        if made_from != checksum:
            found.append((manifest, "不是由已发布的数据写出的"))
    return found


def _is_current(folder: Path, checksum: str) -> bool:
    """Whether a month's exports are whole and were made from what the release is made from."""
    manifest = read_manifest(folder / MANIFEST)
    return (
        manifest is not None
        and not _damage(folder, checksum)
        and not any(each.lacks(manifest["files"]) for each in formats())
    )


def _read(
    release: duckdb.DuckDBPyConnection, month: str, city_code: str, record: Record | None
) -> ReleaseMonth:
    """A city's month, as it is on record if it was published."""
    found = read_month(release, month, city_code)
    if record is None:
        return found
    if unlike := changes(record, found):
        raise UnlikeRecordError(f"与发布记录有 {len(unlike)} 处不同，如 {unlike[0]}")
    # An earlier release, published again, does not know what came after it.
    return replace(found, tables={**found.tables, "audit.revisions": revisions([record])})


def _write(
    months: Sequence[tuple[Export, Job]],
    origins: Mapping[str, Mapping[str, str]],
    report: Callable[[str, int, int], None],
) -> None:
    """Write months aside, and put them in place when what works on all of them at once is done.

    Args:
        months: to write, each with its job.
        origins: what a folder's manifest says of where it comes from, by month.
        report: called with the months that are written.
    """
    every = formats()
    aside = [number for number, each in enumerate(every) if each.aside]
    first, others = every[: aside[-1] + 1], every[aside[-1] + 1 :]
    report("export", 0, len(months))
    with ExitStack() as cleanup:
        for export, job in months:
            cleanup.callback(shutil.rmtree, export.aside, ignore_errors=True)
            _attempt(export, partial(job.folder.mkdir, parents=True))
            _attempt(export, *(partial(each.write, job) for each in first))
        begun = [job for export, job in months if export.error is None]
        waits = [cleanup.enter_context(each.aside(begun)) for each in every if each.aside]
        for done, (export, job) in enumerate(months, start=1):
            job.wait = cache(partial(_all, waits, job))
            _attempt(export, *(partial(each.write, job) for each in others), job.wait)
            report("export", done, len(months))
        for export, job in months:
            _attempt(
                export,
                partial(seal, job.folder, origins[export.month]),
                partial(atomic_folder.put, job.folder, export.folder, export.aside / "old"),
            )


def _all(waits: Sequence[Callable[[Job], None]], job: Job) -> None:
    for wait in waits:
        wait(job)


def _attempt(export: Export, *steps: Callable[[], object]) -> None:
    """Go on with a month; once something went wrong with it, it is let alone, so others go on."""
    try:
        for step in steps:
            if export.error is None:
                step()
    except UnlikeRecordError as error:
        export.error = str(error)
    except Exception as error:
        logging.getLogger(__name__).debug("export of %s", export, exc_info=True)
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name} 第{place.lineno}行"
        export.error = f"{where}：{type(error).__name__}: {error}"
