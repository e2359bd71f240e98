"""The bulletin as a Word document and as PDF."""

from collections.abc import Collection

from ywtb.exports.bulletin.pdf import LibreOfficeMissingError, libreoffice, pdf_aside
from ywtb.exports.formats import Download, Format, Job

DOCUMENT = Download("通报.docx", "情况通报（Word）", "可修改的公文")
PDF = Download("通报.pdf", "情况通报（PDF）", "供阅读和打印")


def _write(job: Job) -> None:
    """LibreOffice makes the PDF while the other formats are written."""
    from ywtb.exports.bulletin.document import write_document

    document = job.folder / DOCUMENT.path
    write_document(job.month, document)
    job.downloads.append(DOCUMENT)
    try:
        job.cleanup.enter_context(pdf_aside(document, job.folder / PDF.path))
    except LibreOfficeMissingError:
        job.notes.append("没有找到 LibreOffice，未生成 PDF")
    else:
        job.downloads.append(PDF)


def _lacks(files: Collection[str]) -> bool:
    return PDF.path not in files and libreoffice() is not None


FORMAT = Format(20, _write, _lacks)
