"""The folder of a month, `exports/2023-06/`: written aside, then put in place in one step."""

import hashlib
import json
import logging
import shutil
import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from ywtb import atomic_folder
from ywtb.exports.formats import MANIFEST, Job, formats
from ywtb.exports.release_month import ReleaseMonth, read_month
from ywtb.project import Project
from ywtb.release.queries import months as published_months
from ywtb.release.queries import open_release
from ywtb.release.releases import month_checksums, point


@dataclass
class Export:
    """What was written for a month, what people should know about it, or why it was not written."""

    month: str
    folder: Path
    notes: list[str] = field(default_factory=list)
    error: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The export for programs."""
        return {**asdict(self), "folder": str(self.folder)}


def export_months(
    project: Project,
    months: Sequence[str] | None = None,
    report: Callable[[str], None] = lambda month: None,
) -> list[Export]:
    """Write the exports of months of the published release. The lock is held.

    A month that cannot be written keeps its earlier exports, and the others are written. Exports of
    months that the release does not hold are removed, as after a rollback.

    Args:
        project: the checkout.
        months: such as `2023-06`; by default those that the release would change.
        report: called with each month as it begins.

    Raises:
        ywtb.release.queries.NotPublishedError: nothing has been published yet.
    """
    project.exports.mkdir(exist_ok=True)
    for left in project.exports.glob(".*.new"):
        _remove(left)
    checksums = month_checksums(project)
    done = []
    with open_release(project) as release:
        published = published_months(release)
        _show_data_docs(project)
        for manifest in project.exports.glob(f"????-??/{MANIFEST.path}"):
            if manifest.parent.name not in published:
                _remove(manifest.parent)
        for month in published:
            checksum = checksums.get(month.replace("-", "_"), "")
            folder = project.exports / month
            if month in (months or ()) or (months is None and not _is_current(folder, checksum)):
                report(month)
                export = Export(month, folder)
                done.append(export)
                try:
                    earlier = [each for each in published if each < month]
                    _export(export, release, checksum, earlier)
                except Exception as error:
                    logging.getLogger(__name__).debug("export of %s", month, exc_info=True)
                    place = traceback.extract_tb(error.__traceback__)[-1]
                    where = f"{Path(place.filename).name} 第{place.lineno}行"
                    export.error = f"{where}：{type(error).__name__}: {error}"
    return done


def _show_data_docs(project: Project) -> None:
    """Let `exports/data_docs` show those of the published release."""
    link = project.exports / "data_docs"
    if link.is_dir() and not link.is_symlink():
        _remove(link)  # as after a copy that followed the link
    point(link, project.published.resolve().with_name("data_docs"))


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _is_current(folder: Path, checksum: str) -> bool:
    """Whether a month's exports are whole and were made from what the release is made from."""
    try:
        manifest = json.loads((folder / MANIFEST.path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    files = manifest["files"]
    return (
        manifest["input_sha256"] == checksum
        and all((folder / name).is_file() for name in files)
        and not any(each.lacks(files) for each in formats())
    )


def _export(
    export: Export, release: duckdb.DuckDBPyConnection, checksum: str, earlier: Sequence[str]
) -> None:
    month = read_month(release, export.month)
    aside = export.folder.with_name(f".{export.month}.new")
    new = aside / "new"
    new.mkdir(parents=True)
    try:
        with ExitStack() as cleanup:
            job = Job(month, release, new, earlier, cleanup, notes=export.notes)
            for each in formats():
                each.write(job)
        _write_manifest(month, checksum, new)
        atomic_folder.put(new, export.folder, aside / "old")
    finally:
        shutil.rmtree(aside)


def _write_manifest(month: ReleaseMonth, checksum: str, folder: Path) -> None:
    """Say what the files are made from, and their checksums, so that a recipient can check them."""
    manifest = {
        "month": month.month,
        "release": month.release,
        "input_sha256": checksum,
        "files": {
            path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        },
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=1)
    (folder / MANIFEST.path).write_text(f"{text}\n", encoding="utf-8")
