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
from ywtb.exports.bulletin.pdf import LibreOfficeMissingError, libreoffice, start_pdf
from ywtb.exports.release_month import Month, read_month
from ywtb.project import Project
from ywtb.release.queries import months as published_months
from ywtb.release.queries import open_release
from ywtb.release.releases import month_checksums, point
from ywtb.release.revisions import notices

MANIFEST = "manifest.json"
WORKBOOK = "附件1-11.xlsx"
DOCUMENT = "通报.docx"
PDF = "通报.pdf"
DOWNLOADS = {
    WORKBOOK: ("附件1至附件11（工作簿）", "官方版式，数字可直接引用；末页为勘误与调整"),
    DOCUMENT: ("情况通报（Word）", "可修改的公文"),
    PDF: ("情况通报（PDF）", "供阅读和打印"),
    "data/datapackage.json": ("数据文件说明", "data 文件夹内各 CSV 和 Parquet 的字段、类型和含义"),
    "data/scores.json": ("得分（JSON）", "供其他系统读取，格式见 scores.schema.json"),
    MANIFEST: ("文件清单", "每个文件的 SHA-256，用于核对"),
}
"""What the site offers, by path: title and note."""


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
        for manifest in project.exports.glob(f"????-??/{MANIFEST}"):
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
    """Whether a month's exports are whole and were made from what the release is made from.

    The PDF is made later where LibreOffice was missing.
    """
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return (
        manifest["input_sha256"] == checksum
        and all((folder / name).is_file() for name in manifest["files"])
        and (PDF in manifest["files"] or libreoffice() is None)
    )


def _export(
    export: Export, release: duckdb.DuckDBPyConnection, checksum: str, earlier: Sequence[str]
) -> None:
    content = read_month(release, export.month)
    aside = export.folder.with_name(f".{export.month}.new")
    new = aside / "new"
    new.mkdir(parents=True)
    try:
        _write(content, release, new, export, earlier)
        _write_manifest(content, checksum, new)
        atomic_folder.put(new, export.folder, aside / "old")
    finally:
        shutil.rmtree(aside)


def _write(
    content: Month,
    release: duckdb.DuckDBPyConnection,
    folder: Path,
    export: Export,
    earlier: Sequence[str],
) -> None:
    """Write all files; LibreOffice makes the PDF while the others are written."""
    from ywtb.exports.bulletin.document import write_document
    from ywtb.exports.data.tables import write_tables
    from ywtb.exports.site.pages import Download, write_site
    from ywtb.exports.workbook.workbook import write_workbook

    write_document(content, folder / DOCUMENT)
    with ExitStack() as stack:
        try:
            conversion = stack.enter_context(start_pdf(folder / DOCUMENT, folder / PDF))
        except LibreOfficeMissingError:
            conversion = None
            export.notes.append("没有找到 LibreOffice，未生成 PDF")
        write_workbook(content, folder / WORKBOOK)
        write_tables(release, content, folder)
        corrections = notices(content.tables["audit.revisions"])
        for name, text in corrections.items():
            (folder / name).write_text(text, encoding="utf-8")
        downloads = [
            Download(f"../{name}", title, note)
            for name, (title, note) in DOWNLOADS.items()
            if name != PDF or conversion is not None
        ]
        downloads += [Download(f"../{name}", "更正通知", name) for name in corrections]
        write_site(content, folder / "site", downloads, earlier)
        if conversion is not None:
            conversion.finish()


def _write_manifest(content: Month, checksum: str, folder: Path) -> None:
    """Say what the files are made from, and their checksums, so that a recipient can check them."""
    files = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    text = json.dumps(
        {
            "month": content.month,
            "release": content.release,
            "input_sha256": checksum,
            "files": files,
        },
        ensure_ascii=False,
        indent=1,
    )
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
