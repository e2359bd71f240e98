"""The bulletin as a Word document and as PDF."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager

from ywtb.exports.bulletin.pdf import converted, libreoffice, missing_typefaces
from ywtb.exports.formats import Format, Job


def _write(job: Job) -> None:
    from ywtb.exports.bulletin.document import write_document

    document, pdf = job.files("bulletin")
    write_document(job.month, job.folder / document.path)
    job.downloads.append(document)
    if libreoffice():
        job.downloads.append(pdf)
        if missing := missing_typefaces():
            job.notes.append(f"没有安装{'、'.join(missing)}及其替代字体，PDF 以其他字体印出")
    else:
        job.notes.append("没有找到 LibreOffice，未生成 PDF")


@contextmanager
def _pdfs(jobs: Sequence[Job]) -> Iterator[Callable[[Job], None]]:
    """LibreOffice makes the PDFs of all documents of all months in one go."""
    documents = {job.folder: sorted(job.folder.glob("*.docx")) for job in jobs}
    with converted([each for found in documents.values() for each in found]) as pdf:

        def wait(job: Job) -> None:
            for document in documents[job.folder]:
                pdf(document, document.with_suffix(".pdf"))

        yield wait


def _lacks(files: Collection[str]) -> bool:
    documents = (
        name.removesuffix(".docx") for name in files if name.endswith(".docx") and "/" not in name
    )
    return any(f"{each}.pdf" not in files for each in documents) and libreoffice() is not None


FORMAT = Format(20, _write, _lacks, _pdfs)
