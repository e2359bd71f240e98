"""Reading of xls files, and of the et files that are the same: by xlrd, which tells formats."""

import io
import struct

import xlrd
from xlrd.compdoc import CompDoc

from ywtb.intake.cells import cell_of
from ywtb.intake.office_archive import IGNORED_MACROS, refused
from ywtb.intake.sheets import Sheet, check_place, put, tables_of, trimmed
from ywtb.intake.tables import BLANK, ReceivedCell, Table

_BOF, _BOUNDSHEET, _FORMULA = 0x0809, 0x0085, 0x0006


def read_xls(file: str, data: bytes, skipped: str) -> list[Table]:
    """Read every sheet that holds anything except the one named `skipped`.

    Raises:
        UnreadableError: encrypted, with objects of other programs, or with cells far out.
    """
    folder = CompDoc(data, logfile=io.StringIO())
    names = [str(entry.name) for entry in folder.dirlist]
    if any(name.startswith(("MBD", "\x01Ole10Native")) for name in names[1:]):
        raise refused(file, "含有OLE 对象", "不含OLE 对象的文件")
    notes = (IGNORED_MACROS,) if any("_VBA_PROJECT" in name for name in names) else ()
    try:
        book = xlrd.open_workbook(
            file_contents=data, formatting_info=True, logfile=io.StringIO(), ragged_rows=True
        )
    except xlrd.XLRDError as error:
        if "encrypted" in str(error):
            raise refused(file, "加了密", "去掉密码后的文件") from error
        raise
    formulas = _formulas(data, folder)
    sheets = []
    for number, sheet in enumerate(book.sheets()):
        rows: list[list[ReceivedCell]] = []
        for row in range(sheet.nrows):
            for column in range(sheet.row_len(row)):
                cell = _cell(book, sheet, row, column, (number, row, column) in formulas)
                if not cell.is_blank:
                    check_place(file, sheet.name, row, column)
                    put(rows, row, column, cell)
        merges = tuple(
            (top, left, bottom - 1, right - 1) for top, bottom, left, right in sheet.merged_cells
        )
        sheets.append(Sheet(sheet.name, bool(sheet.visibility), trimmed(rows), merges))
    return tables_of(file, sheets, skipped, notes)


def _cell(
    book: xlrd.book.Book, sheet: xlrd.sheet.Sheet, row: int, column: int, is_formula: bool
) -> ReceivedCell:
    cell = sheet.cell(row, column)
    if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK):
        return BLANK
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return ReceivedCell(xlrd.error_text_from_code.get(cell.value, "#ERR"), "error")
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return cell_of(bool(cell.value), is_formula=is_formula)
    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            return cell_of(xlrd.xldate.xldate_as_datetime(cell.value, book.datemode))
        except (xlrd.xldate.XLDateError, OverflowError, ValueError):
            return ReceivedCell(str(cell.value), "disguised")
    if cell.ctype == xlrd.XL_CELL_NUMBER:
        code = book.format_map[book.xf_list[cell.xf_index].format_key].format_str
        return cell_of(cell.value, code, is_formula)
    fonts = [book.font_list[font] for _, font in sheet.rich_text_runlist_map.get((row, column), ())]
    if any(font.escapement or font.struck_out for font in fonts):
        return ReceivedCell(cell.value, "disguised")
    return cell_of(cell.value, is_formula=is_formula)


def _formulas(data: bytes, folder: CompDoc) -> set[tuple[int, int, int]]:
    """Sheet, row and column of every cell with a formula, of which xlrd gives the result alone."""
    stream = next(
        found for name in ("Workbook", "Book") for found in [folder.get_named_stream(name)] if found
    )
    starts: dict[int, int] = {}
    found: set[tuple[int, int, int]] = set()
    position, sheet = 0, -1
    while position + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, position)
        body = stream[position + 4 : position + 4 + size]
        if kind == _BOUNDSHEET and size >= 4:
            starts[struct.unpack_from("<I", body)[0]] = len(starts)
        elif kind == _BOF:
            sheet = starts.get(position, sheet)
        elif kind == _FORMULA and size >= 4:
            found.add((sheet, *struct.unpack_from("<HH", body)))
        position += 4 + size
    return found
