"""What the office's documents share: red head, title, signature, imprint, by GB/T 9704-2012."""

from collections.abc import Iterable

from docx.document import Document as WordDocument
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.shared import Length, Pt
from docx.text.paragraph import Paragraph

from ywtb.exports.bulletin import official_format as layout
from ywtb.exports.text_layout import fold, width_in_ems

LETTER_GAP = 9
"""Points from the issuer of a letter to the line below: 4 mm with what typefaces leave free."""


def add_masthead(document: WordDocument, name: str, kind: str, lines: Iterable[str]) -> None:
    """Who speaks, what kind of document it is, and its number, with what else is said below it."""
    layout.add(document, layout.MASTHEAD, name)
    paragraph = layout.add(document, layout.MASTHEAD_KIND)
    # Spread by character spacing, which keeps the word whole; none follows the last character.
    layout.spread(layout.write(paragraph, layout.MASTHEAD_KIND, kind[:-1]), 24)
    layout.write(paragraph, layout.MASTHEAD_KIND, kind[-1:])
    for line in lines:
        layout.add(document, layout.ISSUE, line)


def add_issuer(document: WordDocument, office: str, day: str) -> None:
    """Office on the left and date on the right above the red line, condensed to fit it."""
    paragraph = layout.add(document, layout.ISSUER)
    width = layout.TEXT_WIDTH
    paragraph.paragraph_format.tab_stops.add_tab_stop(width, WD_TAB_ALIGNMENT.RIGHT)
    _write_condensed(paragraph, layout.ISSUER, f"{office}\t{day}", width)
    layout.rule(paragraph, "bottom", 2, str(layout.RED))


def new_letter(office: str) -> WordDocument:
    """An empty letter: its first page has the office and two double lines in red, and no number."""
    document = layout.new_document()
    (section,) = document.sections
    section.different_first_page_header_footer = True
    layout.number_from_one(section)
    section.header_distance, section.footer_distance = layout.MARK, layout.LETTER_FOOT
    for footer in (section.footer, section.even_page_footer):
        number = footer.paragraphs[0].paragraph_format
        number.space_after = Length(layout.FOOTER - layout.LETTER_FOOT)
    head, foot = section.first_page_header, section.first_page_footer
    layout.set_style(head.paragraphs[0], layout.PAGE_MARK)
    issuer, end = layout.add(head, layout.LETTER_ISSUER), foot.paragraphs[0]
    layout.set_style(end, layout.LETTER_END)
    size = min(
        layout.SIZE["小初"],
        max(layout.LETTER_ISSUER.size, layout.LETTER_RULES.pt / width_in_ems(office)),
    )
    run = layout.write(issuer, layout.LETTER_ISSUER, office)
    run.font.size = issuer.paragraph_format.line_spacing = Pt(size)
    layout.condense(run, int(100 * layout.LETTER_RULES.pt / (width_in_ems(office) * size)))
    above = layout.LETTER_TOP - layout.MARK - layout.MARK_LINE
    issuer.paragraph_format.space_before = Length(above)
    layout.rule(issuer, "bottom", 3, str(layout.RED), "thickThinSmallGap", LETTER_GAP)
    layout.rule(end, "bottom", 3, str(layout.RED), "thinThickSmallGap", 0)
    beside = (layout.PAGE[0] - layout.LETTER_RULES) // 2
    for line in (issuer.paragraph_format, end.paragraph_format):
        line.left_indent = Length(beside - layout.LEFT)
        line.right_indent = Length(beside - layout.RIGHT)
    return document


def add_title(document: WordDocument, lines: Iterable[str]) -> Paragraph:
    """The title, its lines broken where they are too long."""
    most = layout.TEXT_WIDTH.pt / layout.TITLE.size
    title = layout.add(document, layout.TITLE)
    layout.write(
        title, layout.TITLE, "\n".join(part for line in lines for part in fold(line, most))
    )
    title.paragraph_format.space_before = layout.LINE
    title.paragraph_format.space_after = layout.LINE
    return title


def add_signature(document: WordDocument, office: str, day: str) -> None:
    """Office and date on the right, the date two characters further in."""
    size = layout.SIGNATURE.size
    room = layout.TEXT_WIDTH.pt / size - width_in_ems(office)
    right = max(0.0, min(2.0, room))
    for text, inset in ((office, right), (day, right + 2)):
        if text:
            paragraph = layout.add(document, layout.SIGNATURE, text)
            paragraph.paragraph_format.right_indent = Pt(inset * size)
            if text == office:
                paragraph.paragraph_format.space_before = Pt(2 * layout.LINE.pt)
                paragraph.paragraph_format.keep_with_next = True


def add_imprint(document: WordDocument, imprint: str, width: Length) -> None:
    """Who printed it and when, between two lines at the foot of the last page."""
    paragraph = layout.add(document, layout.IMPRINT)
    size = layout.IMPRINT.size
    _write_condensed(paragraph, layout.IMPRINT, imprint, Length(width - Pt(2 * size)))
    layout.indent(paragraph, 1, 0, size)
    paragraph.paragraph_format.right_indent = Pt(size)
    paragraph.paragraph_format.tab_stops.add_tab_stop(
        Length(width - Pt(size)), WD_TAB_ALIGNMENT.RIGHT
    )
    layout.rule(paragraph, "top", 1, "000000")
    layout.rule(paragraph, "bottom", 1, "000000")
    layout.at_foot(paragraph, width)


def _write_condensed(paragraph: Paragraph, style: layout.Style, text: str, width: Length) -> None:
    """Add a text with a tabulator, narrowed so that it fits on a line with some space between."""
    run = layout.write(paragraph, style, text)
    ems = width_in_ems(text.replace("\t", "")) + 4
    layout.condense(run, min(100, int(100 * width.pt / (ems * style.size))))
