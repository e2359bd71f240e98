"""Letters to units: on the score with what explains it, and reminders where a rule asks for one.

All of a kind are also bound into one document, for printing.
"""

from typing import NamedTuple

from ywtb.exports.bulletin.pdf import libreoffice
from ywtb.exports.formats import Format, Job


class Kind(NamedTuple):
    """A kind of letter: months of which stage have it, its template, whether it takes a reason."""

    stage: str
    template: str
    takes_reason: bool = False


KINDS = {
    "review_letter": Kind("draft", "告知单.md.j2"),
    "score_letter": Kind("final", "告知单.md.j2"),
    "reminder_letter": Kind("final", "提示函.md.j2", takes_reason=True),
}
"""By their code in `unit_documents`."""


def _write(job: Job) -> None:
    from ywtb.exports.letters.letter import facts_of_units, reasons_for, write_letters
    from ywtb.exports.release_month import unit_documents

    month, facts = job.month, facts_of_units(job.month, job.gained)
    for code, kind in KINDS.items():
        reasons = reasons_for(month, code)
        letters = [
            (unit, path)
            for unit, path in unit_documents(month, code, ".docx")
            if kind.stage == month.stage and (unit["unit_id"] in reasons or not kind.takes_reason)
        ]
        if letters:
            name, _, _ = letters[0][1].partition("/")
            bound, pdf, _ = job.files("letters", name=name, path="", unit="")
            job.downloads += [bound, *([pdf] if libreoffice() else [])]
            for unit, path in letters:
                (*_, one) = job.files("letters", name=name, path=path, unit=unit["unit_name"])
                job.downloads.append(one)
            (job.folder / name).mkdir()
            named = [
                (path, {**facts[unit["unit_id"]], "reasons": reasons.get(unit["unit_id"])})
                for unit, path in letters
            ]
            write_letters(month, name, kind.template, named, job.folder, bound.path)


FORMAT = Format(16, _write)
"""Before the bulletin, whose LibreOffice makes the PDFs of all documents."""
