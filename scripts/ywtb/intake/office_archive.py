"""Files that are archives of parts, as office programs write them; read within limits."""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from ywtb.assessment.problem import Problem
from ywtb.intake.tables import UnreadableError

MAX_UNPACKED = 50_000_000

MACROS = "宏"
ACTIVE_PARTS = {
    MACROS: ("vbaproject", "macrosheet"),
    "OLE 对象": ("oleobject", "embeddings/", "/package"),
    "ActiveX 控件": ("activex", "/control"),
}
"""What runs or holds other programs' files, by words in the name of a part or in its kind."""

PROGRAM_LINK = re.compile(rb"[<:](?:ddeLink|oleLink|dde-link)\b")

IGNORED_MACROS = "含有宏，未读取也未运行"


@dataclass(frozen=True)
class Parts:
    """The names of all parts, and the content of those that are read."""

    names: list[str]
    contents: dict[str, bytes]


def unpack(file: str, data: bytes, suffixes: tuple[str, ...] = (".xml", ".rels")) -> Parts:
    """Read an archive through to the end and within limits; keep the parts with these suffixes.

    Raises:
        UnreadableError: too large, with parts outside it or twice, encrypted, or with entities.
        BadZipFile: no whole archive.
    """
    contents: dict[str, bytes] = {}
    room = MAX_UNPACKED
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
        names = [entry.filename for entry in entries]
        check_names(file, names)
        for entry in entries:
            name = entry.filename
            if entry.flag_bits & 1:
                raise refused(file, "加了密", "去掉密码后的文件")
            with archive.open(entry) as part:
                content = part.read(room + 1)
            room -= len(content)
            if room < 0:
                raise too_large(file)
            if name.lower().endswith(suffixes):
                contents[name] = content
    for name, content in contents.items():
        # Also in UTF-16, which no office program writes.
        is_text = name.lower().endswith((".xml", ".rels"))
        if is_text and (b"\0" in content or b"<!DOCTYPE" in content or b"<!ENTITY" in content):
            raise refused(file, "含有 XML 实体声明", "Excel、WPS 等保存的文件")
    return Parts(names, contents)


def check_names(file: str, names: list[str]) -> None:
    """Refuse an archive with two parts of a name, or one that lies outside it."""
    if len(set(names)) < len(names):
        raise refused(file, "压缩包内有重名的部分", "Excel、WPS 等保存的文件")
    for name in names:
        if name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/"):
            raise refused(file, "压缩包内的路径指向包外", "Excel、WPS 等保存的文件")


def check_active(file: str, parts: Parts) -> tuple[str, ...]:
    """Refuse a file with parts that do something where it is opened; note macros.

    A part is what its relationship says that it is, whatever it is called. Macros are passed over
    in a file that says that it has them; in any other no honest program has put them.
    """
    kinds = [
        "/" + item.attrib["Type"].rpartition("/")[2]
        for name, content in parts.contents.items()
        if name.lower().endswith(".rels")
        for item in elements(content, "Relationship")
    ]
    says_macros = b"macroEnabled" in parts.contents.get("[Content_Types].xml", b"")
    notes: dict[str, None] = {}
    for each in (*parts.names, *kinds):
        for title, words in ACTIVE_PARTS.items():
            if any(word in each.lower() for word in words):
                if title != MACROS or not says_macros:
                    raise refused(file, f"含有{title}", f"不含{title}的文件")
                notes[IGNORED_MACROS] = None
    if any(PROGRAM_LINK.search(content) for content in parts.contents.values()):
        raise refused(file, "含有到其他程序的链接（DDE 或 OLE）", "不含这种链接的文件")
    return tuple(notes)


def elements(content: bytes, name: str) -> Iterator[ElementTree.Element]:
    """Elements of a local name, as they end."""
    for _, item in ElementTree.iterparse(io.BytesIO(content)):  # noqa: S314 - no entities
        if local_name(item) == name:
            yield item
            item.clear()


def local_name(item: ElementTree.Element) -> str:
    """The name of an element without its namespace."""
    return item.tag.rpartition("}")[2]


def local_attributes(item: ElementTree.Element) -> dict[str, str]:
    """The attributes of an element by their names without namespace."""
    return {name.rpartition("}")[2]: value for name, value in item.attrib.items()}


def refused(file: str, seen: str, expected: str) -> UnreadableError:
    """Why a file as a whole is not read."""
    return UnreadableError(Problem(file, None, None, seen, expected))


def too_large(file: str) -> UnreadableError:
    """A file that unpacks to more than any month needs."""
    expected = f"解压后不超过 {MAX_UNPACKED} 字节"
    return refused(file, "解压后过大（疑为压缩炸弹）", expected)
