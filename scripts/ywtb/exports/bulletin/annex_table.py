"""An annex as a table of the bulletin: one page wide, headings merged and repeated."""

from collections.abc import Sequence

from docx.document import Document as WordDocument
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.oxml.ns import qn
from docx.shared import Length, Pt
from docx.table import Table, _Row
from docx.text.paragraph import Paragraph

from ywtb.assessment.figures import printable
from ywtb.exports.bulletin import official_format as layout
from ywtb.exports.release_month import Annex, AnnexColumn

SIZES = (layout.SIZE["五号"], layout.SIZE["小五"], layout.SIZE["六号"])
"""Type sizes of tables; the largest that fits is taken."""

MARGINS = 3.0
"""Points between the text of a cell and its borders, left and right together."""

PADDING = 2 * MARGINS
"""Points of a column that its widest text leaves free."""

NAME_ON_ONE_LINE = 11
"""Characters up to which a text, such as the name of a unit, is not broken."""

HEADING_LINES = 4
"""Lines that a heading is broken into at most."""


def add_table(document: WordDocument, annex: Annex, width: Length) -> None:
    """Add an annex as a table of `width`, which all its columns share."""
    size, widths = column_widths(annex, width.pt)
    table = document.add_table(annex.heading_rows + len(annex.texts), len(annex.columns))
    table.style = "Table Grid"
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    _describe(table, annex)
    for column, points in zip(table.columns, widths, strict=True):
        column.width = Pt(points)
    rows = list(table.rows)
    grid = [row.cells for row in rows]
    for row, cells in zip(rows, grid, strict=True):
        _keep_whole(row, Pt(size * 1.5))
        for cell, points in zip(cells, widths, strict=True):
            cell.width = Pt(points)
            cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
    for row in rows[: annex.heading_rows]:
        row._tr.get_or_add_trPr().append(layout.element("w:tblHeader"))
    for row_cells, texts in zip(grid[annex.heading_rows :], annex.texts, strict=True):
        for cell, text in zip(row_cells, texts, strict=True):
            _fill(cell.paragraphs[0], layout.CELL, text, size)
    for heading in annex.headings:
        first = grid[heading.row][heading.column]
        last = grid[heading.row + heading.row_span - 1][heading.column + heading.column_span - 1]
        cell = first.merge(last) if first is not last else first
        room = sum(widths[heading.column : heading.column + heading.column_span]) - MARGINS
        lines = layout.fold(heading.text, room / size)
        _fill(cell.paragraphs[0], layout.CELL_HEADING, "\n".join(lines), size)


def column_widths(annex: Annex, available: float) -> tuple[float, list[float]]:
    """The type size of a table and the widths of its columns, in points; they fill `available`."""
    texts = list(zip(*annex.texts, strict=True)) or [()] * len(annex.columns)
    for size in SIZES:
        needed = [
            _needed(column, cells) * size + PADDING
            for column, cells in zip(annex.columns, texts, strict=True)
        ]
        if sum(needed) <= available:
            break
    wanted = [
        max(width, layout.width_in_ems(column.label) * size + PADDING)
        for width, column in zip(needed, annex.columns, strict=True)
    ]
    spare, missing = available - sum(needed), sum(wanted) - sum(needed)
    if spare < 0:
        return size, [width * available / sum(needed) for width in needed]
    if spare < missing:
        return size, [
            width + (want - width) * spare / missing
            for width, want in zip(needed, wanted, strict=True)
        ]
    return size, [width + (spare - missing) / len(wanted) for width in wanted]


def _needed(column: AnnexColumn, cells: Sequence[str]) -> float:
    """Characters that a column must have room for: no number is ever broken."""
    widest = max((layout.width_in_ems(cell) for cell in cells), default=0.0)
    if column.number_format == "@":
        widest = min(widest, NAME_ON_ONE_LINE)
    heading = layout.width_in_ems(column.label)
    return max(widest, heading / HEADING_LINES, min(heading, 2.0))


def _fill(paragraph: Paragraph, style: layout.Style, text: str, size: float) -> None:
    layout.set_style(paragraph, style)
    run = layout.write(paragraph, style, text)
    if size != style.size:
        run.font.size = Pt(size)
        paragraph.paragraph_format.line_spacing = Pt(size * 4 / 3)


def _keep_whole(row: _Row, height: Length) -> None:
    row.height = height
    row._tr.get_or_add_trPr().append(layout.element("w:cantSplit"))


def _describe(table: Table, annex: Annex) -> None:
    """Narrow cell margins, and the title for those who hear the document."""
    properties = table._tbl.tblPr
    margins = layout.element("w:tblCellMar")
    for side in ("left", "right"):
        margins.append(layout.element(f"w:{side}", w=str(round(MARGINS * 10)), type="dxa"))
    properties.append(margins)
    for found in properties.findall(qn("w:tblLook")):
        properties.remove(found)
        properties.append(found)
    properties.append(layout.element("w:tblCaption", val=printable(annex.title)))
