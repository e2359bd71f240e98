"""A letter to each unit: its score and place, why, what would raise it, where to object.

All of a month are also bound into one document, for printing.
"""

from ywtb.exports.bulletin.pdf import libreoffice
from ywtb.exports.formats import Format, Job

CODES = {"draft": "review_letter", "final": "score_letter"}
"""What a unit is sent, by the month's stage."""


def _write(job: Job) -> None:
    from ywtb.exports.letters.letter import write_letters
    from ywtb.exports.release_month import unit_documents

    letters = list(unit_documents(job.month, CODES[job.month.stage], ".docx"))
    if letters:
        name, _, _ = letters[0][1].partition("/")
        bound, pdf, _ = job.files("letters", name=name, path="", unit="")
        (job.folder / name).mkdir()
        write_letters(job.month, name, letters, job.gained, job.folder, job.folder / bound.path)
        job.downloads += [bound, *([pdf] if libreoffice() else [])]
        for unit, path in letters:
            job.downloads += job.files("letters", name=name, path=path, unit=unit["unit_name"])[2:]


FORMAT = Format(16, _write)
"""Before the bulletin, whose LibreOffice makes the PDFs of all documents."""
