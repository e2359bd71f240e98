"""An annex as a table of the bulletin: one page wide, headings merged and repeated."""

from copy import deepcopy

from docx.document import Document as WordDocument
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.oxml.ns import qn
from docx.shared import Length, Pt
from docx.table import Table, _Row
from docx.text.paragraph import Paragraph

from ywtb.assessment.figures import printable
from ywtb.exports.bulletin import official_format as layout
from ywtb.exports.bulletin.annex_setting import (
    LINE,
    MARGINS,
    USUAL_ROW,
    Setting,
    heading_lines,
)
from ywtb.exports.release_month import Annex


def add_table(document: WordDocument, annex: Annex, setting: Setting) -> None:
    """Add an annex as a table."""
    size, widths = setting.size, setting.widths
    table = document.add_table(annex.heading_rows + 1, len(annex.columns))
    table.style = "Table Grid"
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    _describe(table, annex)
    for column, points in zip(table.columns, widths, strict=True):
        column.width = Pt(points)
    rows = list(table.rows)
    grid = [row.cells for row in rows]
    for number, (row, cells) in enumerate(zip(rows, grid, strict=True)):
        is_heading = number < annex.heading_rows
        _keep_whole(row, Pt(size * USUAL_ROW if is_heading else setting.row_height))
        for cell, points in zip(cells, widths, strict=True):
            cell.width = Pt(points)
            cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
    for row in rows[: annex.heading_rows]:
        row._tr.get_or_add_trPr().append(layout.element("w:tblHeader"))
    for cell in grid[-1]:
        _fill(cell.paragraphs[0], layout.CELL, "", size)
    # Copies of a row are many times faster than rows made one by one.
    pattern = rows[-1]._tr
    for texts in annex.texts:
        row_copy = deepcopy(pattern)
        for run, text in zip(row_copy.iter(qn("w:r")), texts, strict=True):
            run.text = printable(text)
        pattern.addprevious(row_copy)
    table._tbl.remove(pattern)
    for heading in annex.headings:
        first = grid[heading.row][heading.column]
        last = grid[heading.row + heading.row_span - 1][heading.column + heading.column_span - 1]
        cell = first.merge(last) if first is not last else first
        text = "\n".join(heading_lines(heading, setting))
        _fill(cell.paragraphs[0], layout.CELL_HEADING, text, size)


def _fill(paragraph: Paragraph, style: layout.Style, text: str, size: float) -> None:
    layout.set_style(paragraph, style)
    run = layout.write(paragraph, style, text)
    if size != style.size:
        run.font.size = Pt(size)
        paragraph.paragraph_format.line_spacing = Pt(size * LINE)


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
