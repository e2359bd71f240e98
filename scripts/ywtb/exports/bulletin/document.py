"""The bulletin as a Word document, `通报.docx`, in the format of official documents."""

import math
from collections.abc import Sequence
from datetime import datetime, time
from pathlib import Path

from docx.document import Document as WordDocument
from docx.shared import Length, Pt
from docx.text.paragraph import Paragraph

from ywtb.exports.bulletin import official_format as layout
from ywtb.exports.bulletin.annex_setting import NOTE_INDENT, NOTE_LINE, page_setting
from ywtb.exports.bulletin.annex_table import add_table
from ywtb.exports.bulletin.charts import svg, totals_and_gaps
from ywtb.exports.bulletin.frame import (
    FIGURES_MARK,
    FIGURES_NOTE,
    FIGURES_TITLE,
    KIND,
    Figure,
    frame,
)
from ywtb.exports.bulletin.letterhead import (
    add_imprint,
    add_issuer,
    add_masthead,
    add_signature,
    add_title,
)
from ywtb.exports.bulletin.narrative import narrative
from ywtb.exports.bulletin.notice import mark
from ywtb.exports.release_month import Annex, ReleaseMonth
from ywtb.exports.text_layout import width_in_ems

LANDSCAPE_WIDTH = layout.TEXT_HEIGHT
TITLES_HEIGHT = 70.0
"""Points that the mark, the title and the period of an annex take."""

IMPRINT_HEIGHT = Pt(36)

END_LINES = 6
"""Lines of the text that stand on the page before the list of annexes at least: a quarter of it."""


def write_document(month: ReleaseMonth, path: Path) -> None:
    """Write a month's bulletin; the same month gives the same bytes."""
    around = frame(month)
    document = layout.new_document()
    corrected = mark(month)
    lines = [around.issue, *([corrected] if corrected else [])]
    add_masthead(document, around.masthead, KIND, lines)
    add_issuer(document, around.office, around.issued)
    title = _text(document, month)
    _attachments(document, around.attachments)
    add_signature(document, around.office, around.issued)
    _figures(document, month, around.figures)
    layout.add_landscape(document)
    for annex in month.annexes:
        _annex(document, annex, month.annexes)
    add_imprint(document, around.imprint, LANDSCAPE_WIDTH)
    if month.mark:
        layout.mark_pages(document, month.mark)
    layout.save(document, path, title, around.office, datetime.combine(around.day, time()))


def _text(document: WordDocument, month: ReleaseMonth) -> str:
    """Title and sections; returns the title on one line."""
    paragraphs = narrative(month)
    lines = [each.text for each in paragraphs if each.level == "title"]
    add_title(document, lines)
    styles = {
        "heading_1": layout.HEADING_1, "heading_2": layout.HEADING_2, "body": layout.BODY,
    }  # fmt: skip
    added = [
        layout.add(document, styles[each.level], each.text)
        for each in paragraphs
        if each.level != "title"
    ]
    _keep_end(added)
    return "".join(lines)


def _keep_end(text: Sequence[Paragraph]) -> None:
    """Keep the text's last paragraphs together, so that they are `END_LINES` or more.

    The list of annexes is never broken and begins a page where it does not fit: the page before it
    shall not hold less.
    """
    most, lines = layout.TEXT_WIDTH.pt / layout.BODY.size, 0
    for paragraph in reversed(text):
        paragraph.paragraph_format.keep_together = True
        if lines:
            paragraph.paragraph_format.keep_with_next = True
        lines += math.ceil((layout.BODY.first_line + width_in_ems(paragraph.text)) / most)
        if lines >= END_LINES:
            return


def _attachments(document: WordDocument, attachments: Sequence[str]) -> None:
    """The list of annexes: numbers below each other, long titles hanging, no mark at the end.

    It stays on one page, with the signature.
    """
    size = layout.ATTACHMENTS.size
    for attachment in attachments:
        lead = "附件：" if attachment is attachments[0] else ""
        paragraph = layout.add(document, layout.ATTACHMENTS, f"{lead}{attachment}")
        # Two characters in, then three for 附件：, then the number.
        layout.indent(paragraph, 7, -5 if lead else -2, size)
        paragraph.paragraph_format.tab_stops.add_tab_stop(Pt(7 * size))
        paragraph.paragraph_format.keep_together = True
        paragraph.paragraph_format.keep_with_next = True
        if lead:
            paragraph.paragraph_format.space_before = layout.LINE


def _figures(document: WordDocument, month: ReleaseMonth, figures: Sequence[Figure]) -> None:
    """A page of charts: per group the totals and where each unit is behind the best."""
    mark = layout.add(document, layout.ANNEX_MARK, FIGURES_MARK)
    mark.paragraph_format.page_break_before = True
    layout.add(document, layout.ANNEX_TITLE, FIGURES_TITLE)
    layout.add(document, layout.NOTE, FIGURES_NOTE)
    parts = [dimension["dimension_name"] for dimension in month.dimensions.values()]
    for number, figure in enumerate(figures, start=1):
        layout.add(document, layout.CAPTION, figure.caption)
        picture = layout.add(document, layout.FIGURE)
        run = layout.write(picture, layout.FIGURE, "")
        drawn = layout.draw(run, svg(totals_and_gaps(figure.units, parts)), number)
        layout.describe(drawn, number, figure.caption, figure.description)


def _annex(document: WordDocument, annex: Annex, annexes: Sequence[Annex]) -> None:
    mark = layout.add(document, layout.ANNEX_MARK, f"附件{annex.number}")
    mark.paragraph_format.page_break_before = annex is not annexes[0]
    title = layout.add(document, layout.ANNEX_TITLE, annex.title)
    if annex.period_line:
        layout.add(document, layout.PERIOD_LINE, annex.period_line)
    else:
        title.paragraph_format.space_after = Pt(6)
    imprint = IMPRINT_HEIGHT if annex is annexes[-1] else 0
    room = Length(layout.TEXT_WIDTH - imprint)
    setting = page_setting(annex, LANDSCAPE_WIDTH, room, TITLES_HEIGHT)
    add_table(document, annex, setting)
    if annex.notes:
        lead = layout.add(document, layout.NOTE, "备注：")
        lead.paragraph_format.space_before = Pt(4)
        lead.paragraph_format.keep_with_next = True
    for number, note in enumerate(annex.notes, start=1):
        paragraph = layout.add(document, layout.NOTE, f"{number}.\t{note}")
        layout.indent(paragraph, NOTE_INDENT, -NOTE_INDENT, setting.note_size)
        paragraph.paragraph_format.line_spacing = Pt(setting.note_size * NOTE_LINE)
        for run in paragraph.runs:
            run.font.size = Pt(setting.note_size)
        paragraph.paragraph_format.keep_together = True
