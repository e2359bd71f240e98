"""The format of official documents (GB/T 9704-2012) for python-docx: page, typefaces, styles.

Text goes through `write`, which sets the typeface for Chinese and Western characters on every run:
theme fonts and defaults would otherwise put quotation marks and digits into another one.
"""

import io
import tomllib
import zipfile
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Literal

import vl_convert
from docx import Document
from docx.document import Document as WordDocument
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.oxml import serialize_part_xml
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import qn
from docx.section import Section
from docx.shape import InlineShape
from docx.shared import Length, Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from ywtb.assessment.figures import printable

Role = Literal["title", "body", "heading_1", "heading_2", "number"]
"""What a typeface is used for; `document_fonts.toml` names the typeface."""

FONTS = Path(__file__).parent / "document_fonts.toml"

PAGE = (Mm(210), Mm(297))
TOP, LEFT, TEXT_WIDTH, TEXT_HEIGHT = Mm(37), Mm(28), Mm(156), Mm(225)
RIGHT = Length(PAGE[0] - LEFT - TEXT_WIDTH)
BOTTOM = Length(PAGE[1] - TOP - TEXT_HEIGHT)
FOOTER, TURNED_FOOTER = Mm(25.3), Mm(25.7)
"""From the edge of the paper to the line of the page number: its dashes are 7 mm below the text."""

LETTER_RULES = Mm(170)
"""Width of the double red lines of a letter, which lie in the middle of the page."""

LETTER_TOP, LETTER_FOOT = Mm(30), Mm(20)
"""From the edges of the paper: a letter's issuer, and its second red line."""

MARK, MARK_LINE = Mm(12), Pt(18)
"""From the edge of the paper: the mark of a draft, also where pages are turned; and its height."""

LINE = Pt(28.95)
"""22 lines in the height of the text."""

SIZE = {
    "小初": 36,
    "二号": 22,
    "小二": 18,
    "三号": 16,
    "四号": 14,
    "五号": 10.5,
    "小五": 9,
    "六号": 7.5,
}
"""Chinese type sizes in points."""

RED = RGBColor(0xE6, 0x00, 0x12)
SVG_OF_PICTURE = (
    '<a:extLst xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
    '<a:ext uri="{{96DAC541-7B7A-43D3-8B79-37D633B846F1}}"><asvg:svgBlip '
    'xmlns:asvg="http://schemas.microsoft.com/office/drawing/2016/SVG/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'r:embed="{key}"/></a:ext></a:extLst>'
)
"""How a picture names the drawing that Word and WPS show in its place."""

TURNED_BOX = (
    '<w:drawing xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape">'
    '<wp:anchor distT="0" distB="0" distL="0" distR="0" simplePos="0" relativeHeight="1" '
    'behindDoc="0" locked="0" layoutInCell="1" allowOverlap="1"><wp:simplePos x="0" y="0"/>'
    '<wp:positionH relativeFrom="page"><wp:posOffset>{x}</wp:posOffset></wp:positionH>'
    '<wp:positionV relativeFrom="page"><wp:posOffset>{y}</wp:posOffset></wp:positionV>'
    '<wp:extent cx="{width}" cy="{length}"/><wp:wrapNone/><wp:docPr id="1001" name="页码"/>'
    "<wp:cNvGraphicFramePr/><a:graphic><a:graphicData "
    'uri="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"><wps:wsp>'
    '<wps:cNvSpPr txBox="1"/><wps:spPr><a:xfrm><a:off x="0" y="0"/>'
    '<a:ext cx="{width}" cy="{length}"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom>'
    "<a:noFill/><a:ln><a:noFill/></a:ln></wps:spPr><wps:txbx><w:txbxContent><w:p/>"
    '</w:txbxContent></wps:txbx><wps:bodyPr vert="vert" lIns="0" tIns="0" rIns="0" bIns="0"/>'
    "</wps:wsp></a:graphicData></a:graphic></wp:anchor></w:drawing>"
)
"""A box on the page whose text reads down, with an empty paragraph."""

EPOCH = (1980, 1, 1, 0, 0, 0)
"""Time stamp of every member of the file."""


@dataclass(frozen=True)
class Style:
    """A paragraph style: typeface by role, size in points, lines, indents in characters."""

    name: str
    role: Role
    size: float
    align: WD_ALIGN_PARAGRAPH = WD_ALIGN_PARAGRAPH.LEFT
    line: Length | None = LINE
    first_line: float = 0
    outline: int | None = None
    color: RGBColor | None = None
    before: float = 0
    after: float = 0
    keep_with_next: bool = False


CENTER, RIGHT_EDGE = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.RIGHT
JUSTIFY = WD_ALIGN_PARAGRAPH.JUSTIFY

MASTHEAD = Style("红头", "title", SIZE["二号"], CENTER, Pt(34), color=RED)
MASTHEAD_KIND = Style("红头文种", "title", 48, CENTER, Pt(66), color=RED)
ISSUE = Style("期号", "body", SIZE["三号"], CENTER)
ISSUER = Style("发文机关和日期", "body", SIZE["四号"])
TITLE = Style("通报标题", "title", SIZE["二号"], CENTER, Pt(34), outline=0)
BODY = Style("通报正文", "body", SIZE["三号"], JUSTIFY, first_line=2)
ADDRESSEE = Style("主送机关", "body", SIZE["三号"])
HEADING_1 = Style(
    "一级标题", "heading_1", SIZE["三号"], first_line=2, outline=1, keep_with_next=True
)
HEADING_2 = Style(
    "二级标题", "heading_2", SIZE["三号"], first_line=2, outline=2, keep_with_next=True
)
ATTACHMENTS = Style("附件说明", "body", SIZE["三号"])
SIGNATURE = Style("署名和日期", "body", SIZE["三号"], RIGHT_EDGE)
ANNEX_MARK = Style(
    "附件标识", "heading_1", SIZE["三号"], line=Pt(22), outline=0, keep_with_next=True
)
ANNEX_TITLE = Style(
    "附件标题", "title", SIZE["小二"], CENTER, Pt(24), outline=1, keep_with_next=True
)
PERIOD_LINE = Style(
    "附件期间", "heading_2", SIZE["四号"], CENTER, Pt(18), after=4, keep_with_next=True
)
CELL = Style("表格文字", "body", SIZE["小五"], CENTER, Pt(12))
CELL_HEADING = Style("表格标题", "heading_1", SIZE["小五"], CENTER, Pt(12))
NOTE = Style("备注", "body", SIZE["小五"], line=Pt(11.5))
FIGURE = Style("图", "body", SIZE["五号"], CENTER, None)
CAPTION = Style("图题", "heading_1", SIZE["五号"], CENTER, None, before=4, keep_with_next=True)
IMPRINT = Style("版记", "body", SIZE["四号"], line=Pt(24))
PAGE_NUMBER = Style("页码", "number", SIZE["四号"], line=Pt(18))
PAGE_MARK = Style("页眉标识", "heading_1", SIZE["四号"], RIGHT_EDGE, MARK_LINE)
LETTER_ISSUER = Style("信函发文机关", "title", SIZE["二号"], CENTER, None, color=RED)
LETTER_NUMBER = Style("发文字号", "body", SIZE["三号"], RIGHT_EDGE, before=SIZE["三号"] * 7 / 8)
LETTER_END = Style("信函下线", "body", SIZE["六号"], line=Pt(1))

STYLES = (
    MASTHEAD, MASTHEAD_KIND, ISSUE, ISSUER, TITLE, BODY, ADDRESSEE, HEADING_1, HEADING_2,
    ATTACHMENTS, SIGNATURE, ANNEX_MARK, ANNEX_TITLE, PERIOD_LINE, CELL, CELL_HEADING, NOTE,
    FIGURE, CAPTION, IMPRINT, PAGE_NUMBER, PAGE_MARK, LETTER_ISSUER, LETTER_NUMBER, LETTER_END,
)  # fmt: skip


@cache
def fonts() -> dict[Role, list[str]]:
    """Names of typefaces by role, the one asked for first."""
    return tomllib.loads(FONTS.read_text(encoding="utf-8"))  # type: ignore[return-value]


def new_document() -> WordDocument:
    """An empty A4 document with the styles of this module and no others.

    Its first section is upright, with the page numbers of the standard.
    """
    document = Document()
    _drop_leftovers(document)
    _set_styles(document)
    _set_fonts(document)
    _set_settings(document)
    section = document.sections[0]
    section.page_width, section.page_height = PAGE
    section.top_margin, section.bottom_margin = TOP, BOTTOM
    section.left_margin, section.right_margin = LEFT, RIGHT
    section.header_distance = section.footer_distance = FOOTER
    _grid(section, LINE)
    _page_number(section.footer.paragraphs[0], WD_ALIGN_PARAGRAPH.RIGHT)
    _page_number(section.even_page_footer.paragraphs[0], WD_ALIGN_PARAGRAPH.LEFT)
    return document


def add_landscape(document: WordDocument) -> None:
    """Begin a section of turned pages: the text area of the standard, lying.

    Turned back, so that their tops are on the left, they have their numbers where all pages have
    them, as the standard asks.
    """
    section = add_section(document, WD_SECTION.NEW_PAGE)
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = PAGE[1], PAGE[0]
    section.top_margin, section.bottom_margin = LEFT, RIGHT
    section.left_margin, section.right_margin = BOTTOM, TOP
    section.footer_distance = MARK
    _grid(section, None)
    for footer, side in (
        (section.footer, WD_ALIGN_PARAGRAPH.RIGHT),
        (section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT),
    ):
        footer.is_linked_to_previous = False
        _turned_page_number(footer.paragraphs[0], side)


def number_from_one(section: Section) -> None:
    """Let a section, and those that are added after it, have its own page numbers."""
    margins: Any = section._sectPr.pgMar
    margins.addnext(element("w:pgNumType", start="1"))


def mark_pages(document: WordDocument, mark: str) -> None:
    """Let the head of every page say what the document is, such as 征求意见稿."""
    for section in document.sections:
        section.header_distance = MARK
        heads = [section.header, section.even_page_header]
        if section.different_first_page_header_footer:
            heads.append(section.first_page_header)
        for header in heads:
            header.is_linked_to_previous = False
            set_style(header.paragraphs[0], PAGE_MARK)
            write(header.paragraphs[0], PAGE_MARK, mark)


def add_section(document: WordDocument, start: WD_SECTION) -> Section:
    """Let the last paragraph end its section, not the empty one that python-docx adds."""
    section: Section = document.add_section(start)
    last = document.element.body.p_lst[-1]
    properties = last.getprevious().get_or_add_pPr()
    properties.append(last.pPr.sectPr)
    document.element.body.remove(last)
    return section


def add(container: Any, style: Style, text: str = "") -> Paragraph:
    """Add a paragraph to a document or cell."""
    paragraph: Paragraph = container.add_paragraph()
    set_style(paragraph, style)
    if text:
        write(paragraph, style, text)
    return paragraph


def set_style(paragraph: Paragraph, style: Style) -> None:
    """Give a paragraph a style by its id, which is its name: python-docx's look-up is slow."""
    paragraph._p.style = style.name


def write(paragraph: Paragraph, style: Style, text: str) -> Run:
    """Add text to a paragraph, in the typeface of `style`."""
    run = paragraph.add_run(printable(text))
    _set_font(run._element.get_or_add_rPr(), style.role)
    return run


def indent(paragraph: Paragraph, left: float, first_line: float, size: float) -> None:
    """Indent by characters of `size` points; a negative first line hangs."""
    paragraph.paragraph_format.left_indent = Pt(left * size)
    paragraph.paragraph_format.first_line_indent = Pt(first_line * size)


def rule(
    paragraph: Paragraph,
    edge: Literal["top", "bottom"],
    points: float,
    color: str,
    kind: str = "single",
    space: int = 1,
) -> None:
    """A line along an edge of a paragraph.

    Args:
        paragraph: whose edge it is.
        edge: which.
        points: its weight.
        color: such as `E60012`.
        kind: of line as WordprocessingML calls it, such as `thickThinSmallGap` from the top down.
        space: points between it and the text.
    """
    borders = paragraph._p.get_or_add_pPr().find(qn("w:pBdr"))
    if borders is None:
        borders = OxmlElement("w:pBdr")
        paragraph._p.get_or_add_pPr().insert_element_before(
            borders, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:snapToGrid", "w:spacing",
            "w:ind", "w:contextualSpacing", "w:jc", "w:outlineLvl", "w:rPr",
        )  # fmt: skip
    borders.append(
        element(f"w:{edge}", val=kind, sz=str(round(points * 8)), space=str(space), color=color)
    )


def spread(run: Run, points: float) -> None:
    """Set the characters of a run apart."""
    _insert(
        run._element.get_or_add_rPr(), element("w:spacing", val=str(round(points * 20))), "w:sz"
    )


def condense(run: Run, percentage: int) -> None:
    """Narrow the characters of a run."""
    if percentage < 100:
        _insert(run._element.get_or_add_rPr(), element("w:w", val=str(percentage)), "w:sz")


def draw(run: Run, svg: str, number: int) -> InlineShape:
    """Add a drawing as wide as the text, and as a picture for programs that draw no SVG.

    Args:
        run: where to.
        svg: the drawing.
        number: its number in the document.
    """
    picture = run.add_picture(io.BytesIO(vl_convert.svg_to_png(svg, scale=2.5)), width=TEXT_WIDTH)
    name = PackURI(f"/word/media/drawing{number}.svg")
    drawing = Part(name, "image/svg+xml", svg.encode(), run.part.package)
    key = run.part.relate_to(drawing, RELATIONSHIP_TYPE.IMAGE)
    (blip,) = picture._inline.iter(qn("a:blip"))
    blip.append(parse_xml(SVG_OF_PICTURE.format(key=key)))
    return picture


def describe(picture: InlineShape, number: int, name: str, text: str) -> None:
    """Name a picture and say what it shows to those who do not see it."""
    properties = picture._inline.docPr
    properties.set("id", str(number))
    properties.set("name", printable(name))
    properties.set("descr", printable(text))


def at_foot(paragraph: Paragraph, width: Length) -> None:
    """Take a paragraph out of the text and put it at the foot of its page."""
    frame = element(
        "w:framePr", w=str(round(width.pt * 20)), wrap="around", hAnchor="margin",
        vAnchor="margin", xAlign="center", yAlign="bottom",
    )  # fmt: skip
    properties = paragraph._p.get_or_add_pPr()
    properties.insert(1, frame)


def element(tag: str, **attributes: str) -> Any:
    """A WordprocessingML element such as `w:top` with its `w:` attributes."""
    made = OxmlElement(tag)
    for name, value in attributes.items():
        made.set(qn(f"w:{name}"), value)
    return made


def save(document: WordDocument, path: Path, title: str, author: str, day: datetime) -> None:
    """Write a document whose bytes depend on its content alone.

    Args:
        document: to be written.
        path: where to.
        title: of the document's properties.
        author: of the document's properties.
        day: which the properties give as the day of creation.
    """
    properties = document.core_properties
    properties.title, properties.author = printable(title), printable(author)
    properties.last_modified_by = properties.author
    properties.comments = properties.keywords = properties.subject = ""
    properties.language = "zh-CN"
    properties.created = properties.modified = day
    properties.revision = 1
    written = io.BytesIO()
    document.save(written)
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            member = zipfile.ZipInfo(name, EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(member, source.read(name))


def _drop_leftovers(document: WordDocument) -> None:
    """Remove what python-docx's own template brings along: thumbnail, lists, legacy styles."""
    unwanted = {
        "thumbnail", "extended-properties", "customXml", "stylesWithEffects", "numbering",
        "webSettings",
    }  # fmt: skip
    for owner in (document.part.package, document.part):
        for key, relation in list(owner.rels.items()):
            if relation.reltype.rsplit("/", 1)[1] in unwanted:
                del owner.rels[key]


def _set_styles(document: WordDocument) -> None:
    """Replace all styles by `STYLES`, based on one default without theme fonts."""
    root = document.styles.element
    kept = {"Normal", "Default Paragraph Font", "Normal Table", "No List", "Table Grid"}
    for style in list(document.styles):
        if style.name not in kept:
            root.remove(style.element)
    root.find(qn("w:latentStyles")).clear()
    defaults = root.find(qn("w:docDefaults"))
    run = defaults.find(qn("w:rPrDefault")).find(qn("w:rPr"))
    run.clear()
    _set_font(run, "body")
    run.append(element("w:sz", val="32"))
    run.append(element("w:szCs", val="32"))
    run.append(element("w:lang", val="en-US", eastAsia="zh-CN", bidi="ar-SA"))
    defaults.find(qn("w:pPrDefault")).find(qn("w:pPr")).clear()
    for style in STYLES:
        _add_style(document, style)


def _add_style(document: WordDocument, style: Style) -> None:
    made: ParagraphStyle = document.styles.add_style(style.name, WD_STYLE_TYPE.PARAGRAPH)
    made.base_style = document.styles["Normal"]
    made.element.styleId = style.name
    made.quick_style = True
    made.font.size = Pt(style.size)
    if style.color is not None:
        made.font.color.rgb = style.color
    _set_font(made.element.get_or_add_rPr(), style.role)
    layout = made.paragraph_format
    layout.alignment = style.align
    layout.keep_with_next = style.keep_with_next or None
    if style.line is not None:
        layout.line_spacing_rule = WD_LINE_SPACING.EXACTLY
        layout.line_spacing = style.line
    if style.first_line:
        layout.first_line_indent = Pt(style.first_line * style.size)
    layout.space_before, layout.space_after = Pt(style.before), Pt(style.after)
    properties = made.element.get_or_add_pPr()
    # A page has all its lines, and marks stay within the type area.
    for name in ("w:widowControl", "w:overflowPunct"):
        _insert(properties, element(name, val="0"), "w:spacing")
    if style.line != LINE:
        _insert(properties, element("w:snapToGrid", val="0"), "w:spacing")
    if style.outline is not None:
        properties.append(element("w:outlineLvl", val=str(style.outline)))


def _insert(properties: Any, made: Any, before: str) -> None:
    place = properties.find(qn(before))
    if place is None:
        properties.append(made)
    else:
        place.addprevious(made)


def _set_font(properties: Any, role: Role) -> None:
    name = fonts()[role][0]
    found = properties.find(qn("w:rFonts"))
    if found is None:
        found = element("w:rFonts")
        properties.insert(0 if properties.find(qn("w:rStyle")) is None else 1, found)
    for slot in ("ascii", "eastAsia", "hAnsi", "cs"):
        found.set(qn(f"w:{slot}"), name)
    found.set(qn("w:hint"), "eastAsia")


def _set_fonts(document: WordDocument) -> None:
    """Declare the typefaces with the names that may stand in for them."""
    table = element("w:fonts")
    for name, *others in fonts().values():
        font = element("w:font", name=name)
        font.append(element("w:altName", val=",".join(others)))
        font.append(element("w:charset", val="86"))
        font.append(element("w:family", val="auto"))
        font.append(element("w:pitch", val="variable"))
        table.append(font)
    part = document.part.part_related_by(RELATIONSHIP_TYPE.FONT_TABLE)
    part._blob = serialize_part_xml(table)


def _set_settings(document: WordDocument) -> None:
    settings = document.settings
    settings.odd_and_even_pages_header_footer = True
    root = settings.element
    language = root.find(qn("w:themeFontLang"))
    language.set(qn("w:val"), "en-US")
    language.set(qn("w:eastAsia"), "zh-CN")
    for name in ("w:savePreviewPicture", "w:rsids"):
        root.remove(root.find(qn(name)))
    root.find(qn("w:compat")).find(qn("w:compatSetting")).set(qn("w:val"), "15")
    root.find(qn("w:zoom")).set(qn("w:percent"), "100")


def _grid(section: Section, pitch: Length | None) -> None:
    properties = section._sectPr
    for found in properties.findall(qn("w:docGrid")):
        properties.remove(found)
    if pitch is not None:
        properties.append(element("w:docGrid", type="lines", linePitch=str(round(pitch.pt * 20))))


def _turned_page_number(paragraph: Paragraph, side: WD_ALIGN_PARAGRAPH) -> None:
    """`— 1 —` in a box on the left of a turned page, reading down."""
    set_style(paragraph, PAGE_NUMBER)
    length = Mm(40)
    top = LEFT if side == WD_ALIGN_PARAGRAPH.LEFT else Length(LEFT + TEXT_WIDTH - length)
    box = parse_xml(
        TURNED_BOX.format(x=TURNED_FOOTER, y=top, width=PAGE_NUMBER.line, length=length)
    )
    write(paragraph, PAGE_NUMBER, "")._element.append(box)
    (within,) = box.iter(qn("w:p"))
    _page_number(Paragraph(within, paragraph._parent), side)


def _page_number(paragraph: Paragraph, side: WD_ALIGN_PARAGRAPH) -> None:
    """`— 1 —` one character from the outer edge."""
    set_style(paragraph, PAGE_NUMBER)
    paragraph.alignment = side
    space = Pt(PAGE_NUMBER.size)
    if side == WD_ALIGN_PARAGRAPH.RIGHT:
        paragraph.paragraph_format.right_indent = space
    else:
        paragraph.paragraph_format.left_indent = space
    write(paragraph, PAGE_NUMBER, "— ")
    for kind, text in (("begin", None), (None, " PAGE "), ("separate", None)):
        run = write(paragraph, PAGE_NUMBER, "")
        if kind is not None:
            run._element.append(element("w:fldChar", fldCharType=kind))
        else:
            instruction = element("w:instrText")
            instruction.text = text
            run._element.append(instruction)
    write(paragraph, PAGE_NUMBER, "1")
    write(paragraph, PAGE_NUMBER, "")._element.append(element("w:fldChar", fldCharType="end"))
    write(paragraph, PAGE_NUMBER, " —")
