"""What a file is by its content, whatever it is called; and what to do with those not read."""

import io
import zipfile
from typing import Literal

from ywtb.intake.office_archive import refused

FileKind = Literal["xlsx", "xlsb", "xls", "ods", "docx", "zip", "html", "text"]

ZIP, OLE = (b"PK\x03\x04", b"PK\x05\x06"), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

AS_WORKBOOK = "在 Excel 或 WPS 中另存为 .xlsx"
AS_DOCUMENT = "在 Word 或 WPS 中另存为 .docx"
ELECTRONIC = "请报送单位提供电子表格（.xlsx），不要扫描件、照片或 PDF"
UNPACKED = "解压后报送其中的表格，或打成 .zip"

_FOREIGN = (
    (b"%PDF", "PDF 文件", ELECTRONIC),
    (b"\x89PNG", "图片", ELECTRONIC),
    (b"\xff\xd8\xff", "图片", ELECTRONIC),
    (b"GIF8", "图片", ELECTRONIC),
    (b"BM", "图片", ELECTRONIC),
    (b"II*\0", "图片", ELECTRONIC),
    (b"MM\0*", "图片", ELECTRONIC),
    (b"Rar!", "RAR 压缩包", UNPACKED),
    (b"7z\xbc\xaf", "7z 压缩包", UNPACKED),
    (b"\x1f\x8b", "gz 压缩包", UNPACKED),
    (b"{\\rtf", "RTF 文档", AS_DOCUMENT),
    (b"MIME-Version", "单个文件网页（mht）", AS_WORKBOOK),
    (b"MZ", "程序", "本月的数据"),
)
_OLE_KINDS = (
    ("EncryptedPackage", "加了密的 Office 文件", "去掉密码后的文件"),
    ("WordDocument", "旧版 Word 文档（.doc）", AS_DOCUMENT),
    ("PowerPoint Document", "演示文稿", AS_WORKBOOK),
)
_PARTS: tuple[tuple[str, FileKind], ...] = (
    ("xl/workbook.xml", "xlsx"),
    ("xl/workbook.bin", "xlsb"),
    ("word/document.xml", "docx"),
)


def file_kind(file: str, data: bytes) -> FileKind:
    """What a file is.

    Raises:
        UnreadableError: of a kind that is not read, with what to do.
    """
    if data.startswith(OLE[:4]):
        return _ole_kind(file, data)
    if data.startswith(ZIP):
        return _zip_kind(file, data)
    for start, seen, expected in _FOREIGN:
        is_word = start in (b"BM", b"MZ")  # may begin a text as well
        if data.startswith(start) and not (is_word and b"\0" not in data[:200]):
            raise refused(file, seen, expected)
    if _is_html(data):
        return "html"
    head = data[:1000].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"<?xml"):
        raise refused(file, "XML 文件", AS_WORKBOOK)
    return "text"


def _is_html(data: bytes) -> bool:
    """Whether a file is a page: it begins with a tag, and has a table or says that it is one."""
    start = data[:4000].lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n").replace(b"\0", b"").lower()
    words = (b"<html", b"<table", b"<!doctype html", b"<head", b"<meta", b"<body", b"<div")
    return start.startswith(words) or (start.startswith(b"<?xml") and b"<html" in start)


def _ole_kind(file: str, data: bytes) -> FileKind:
    for name, seen, expected in _OLE_KINDS:
        if name.encode("utf-16-le") in data:
            raise refused(file, seen, expected)
    return "xls"


def _zip_kind(file: str, data: bytes) -> FileKind:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            kind = archive.read("mimetype")[:100] if "mimetype" in names else b""
    except Exception:  # a spoilt one is told by whoever reads it
        return "zip" if file.lower().endswith(".zip") else "xlsx"
    for part, found in _PARTS:
        if part in names:
            return found
    if b"opendocument.spreadsheet" in kind:
        return "ods"
    if b"opendocument" in kind or any(name.startswith("ppt/") for name in names):
        raise refused(file, "不是表格的 Office 文件", AS_WORKBOOK)
    return "xlsx" if "[Content_Types].xml" in names else "zip"
