"""The files that are handed in, read once into memory."""

import hashlib
import os
import stat
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ywtb.assessment.problem import Problem
from ywtb.intake.tables import shown

GUIDE = "填表说明"
"""Sheet or file that explains the template and holds no data."""

KINDS = (
    "Excel、WPS 表格（xlsx、xls、et、ods）、Word 表格（docx）、CSV 等文本，或这些文件的 zip 压缩包"
)
"""What can be read, whatever a file is called."""

MAX_FILES = 60
MAX_BYTES = 5_000_000
"""More than a month's file ever needs: 49 rows of some hundred bytes."""

MAX_NAME_BYTES = 200
IGNORED = (".DS_Store", "Thumbs.db", "desktop.ini")


@dataclass(frozen=True)
class Source:
    """A file: the name it is reported by, its bytes and their SHA-256."""

    name: str
    path: Path
    data: bytes
    sha256: str


def read_sources(paths: Sequence[Path]) -> tuple[list[Source], list[Problem]]:
    """Read files and whole folders, in the order of their names.

    What cannot be opened, links, devices, oversized files and names that no honest program writes
    are problems; what office programs and file managers leave behind is passed over.
    """
    sources: list[Source] = []
    problems: list[Problem] = []
    files: list[tuple[Path, str]] = []
    for path in paths:
        if os.path.isdir(path) and not _is_link(path):  # noqa: PTH112 - as below
            files += _files(path, problems)
        else:
            files.append((path, path.name))
    files = [(path, name) for path, name in files if not is_ignored(path.as_posix())]
    if len(files) > MAX_FILES:
        return [], [
            _problem(str(paths[0]), f"有 {len(files)} 个文件", f"不超过 {MAX_FILES} 个文件")
        ]
    for path, name in files:
        try:
            found = _check(path, name)
            data = path.read_bytes() if found is None else b""
        except OSError as error:
            found = _unopened(name, error)
        if found is None:
            sources.append(Source(name, path, data, hashlib.sha256(data).hexdigest()))
        else:
            problems.append(found)
    if not sources and not problems:
        problems.append(_problem(str(paths[0]), "没有可读的文件", KINDS))
    return sources, problems


def _files(folder: Path, problems: list[Problem]) -> list[tuple[Path, str]]:
    """Files and links below a folder with their names in it; folders that cannot be opened told."""

    def tell(error: OSError) -> None:
        place = Path(error.filename)
        name = str(place.relative_to(folder)) if place != folder else folder.name
        problems.append(_unopened(name, error))

    found = []
    for place, folders, names in os.walk(folder, onerror=tell):
        folders.sort()
        links = [name for name in folders if _is_link(Path(place, name))]
        found += [Path(place, name) for name in (*names, *links)]
    return [(path, str(path.relative_to(folder))) for path in sorted(found)]


def _is_link(path: Path) -> bool:
    return os.path.islink(path)  # noqa: PTH114 - that of pathlib raises where it may not look


def is_ignored(file: str) -> bool:
    """Whether a file is what office programs and file managers leave behind, or the guide."""
    path = PurePosixPath(file)
    name = path.name
    if "__MACOSX" in path.parts:
        return True
    return name.startswith(("._", ".~", "~$")) or name in IGNORED or path.stem == GUIDE


def name_problem(name: str) -> Problem | None:
    """What is wrong with the name of a file, if anything."""
    unsafe = [each for each in name if unicodedata.category(each) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
    if (
        unsafe
        or "\\" in name
        or name != name.strip()
        or len(name.encode("utf-8", "replace")) > MAX_NAME_BYTES
    ):
        return _problem(
            _printable(name),
            "文件名含有不可见字符、反斜杠或首尾空格，或者过长",
            f"不超过 {MAX_NAME_BYTES} 字节的普通文件名",
        )
    return None


def _check(path: Path, name: str) -> Problem | None:
    """What is wrong with a file before it is opened."""
    if problem := name_problem(name):
        return problem
    state = path.lstat()
    if stat.S_ISLNK(state.st_mode):
        return _problem(name, "是一个链接", "文件本身")
    if not stat.S_ISREG(state.st_mode):
        return _problem(name, "不是普通文件", "普通文件")
    if state.st_size > MAX_BYTES:
        return _problem(name, f"文件有 {state.st_size} 字节", f"不超过 {MAX_BYTES} 字节")
    if state.st_size == 0:
        return _problem(name, "空文件", "本月的数据")
    return None


def _unopened(name: str, error: OSError) -> Problem:
    reason = "没有权限" if isinstance(error, PermissionError) else error.strerror
    return _problem(_printable(name), f"打不开（{reason}）", "可以读取的文件和文件夹")


def _printable(name: str) -> str:
    return shown(name.encode("utf-8", "replace").decode("utf-8"))[1:-1]


def _problem(file: str, seen: str, expected: str) -> Problem:
    return Problem(file, None, None, seen, expected)
