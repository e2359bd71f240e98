"""What a template says, set as a document of the office: paragraphs, headings, a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from docx.document import Document as WordDocument

from ywtb.exports.bulletin import official_format as layout
from ywtb.exports.bulletin.annex_setting import usual_setting
from ywtb.exports.bulletin.annex_table import add_table
from ywtb.exports.bulletin.narrative import Level, Marks, Paragraph, paragraphs, template
from ywtb.exports.release_month import Annex, AnnexColumn, Heading

MARKS: Marks = {
    "【文种】": "kind", "【编号】": "number", "【主送】": "addressee", "【版记】": "imprint",
    "#": "title", "##": "heading_1", "|": "row",
}  # fmt: skip

STYLES: Mapping[Level, layout.Style] = {
    "addressee": layout.ADDRESSEE, "body": layout.BODY, "heading_1": layout.HEADING_1,
}  # fmt: skip

TEXT_ON_ONE_LINE = 10
"""Characters up to which a text of the table is not broken."""


@dataclass(frozen=True)
class TemplatedText:
    """What a template says of something."""

    parts: tuple[Paragraph, ...]

    def texts(self, level: Level) -> list[str]:
        """Texts of a level, in order."""
        return [part.text for part in self.parts if part.level == level]

    @property
    def title(self) -> str:
        """The title on one line."""
        return "".join(self.texts("title"))


def templated_text(name: str, context: Mapping[str, object]) -> TemplatedText:
    """What a template of `templates/` says with what it may use."""
    return TemplatedText(tuple(paragraphs(template(name).render(context), MARKS)))


def add_text(document: WordDocument, text: TemplatedText) -> None:
    """Add addressee, headings, paragraphs and tables; what else there is has places of its own."""
    last = text.texts("body")[-1]
    for level, alike in groupby(text.parts, key=attrgetter("level")):
        texts = [part.text for part in alike]
        if level == "row":
            table = _table(text.title, texts)
            add_table(document, table, usual_setting(table, layout.TEXT_WIDTH, TEXT_ON_ONE_LINE))
        elif level in STYLES:
            for each in texts:
                paragraph = layout.add(document, STYLES[level], each)
                if each == last:  # the signature must not stand on a page without text
                    paragraph.paragraph_format.keep_with_next = True


def _table(title: str, lines: Sequence[str]) -> Annex:
    """Lines of a template's table, the first its headings, laid out as an annex is."""
    headings, *cells = (
        tuple(cell.strip() for cell in line.removesuffix("|").split("|")) for line in lines
    )
    return Annex(
        number=0,
        mart="",
        title=title,
        period_line="",
        columns=tuple(AnnexColumn(label, label, "@") for label in headings),
        headings=tuple(Heading(label, 0, place, 1, 1) for place, label in enumerate(headings)),
        values=(),
        texts=tuple(cells),
        notes=(),
    )
