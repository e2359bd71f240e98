"""The files in a zip archive, each of them as if it had been handed in by itself."""

import io
import zipfile
from collections.abc import Iterator

from ywtb.intake.office_archive import MAX_UNPACKED, check_names, refused, too_large
from ywtb.intake.sources import MAX_BYTES, MAX_FILES, is_ignored, name_problem
from ywtb.intake.tables import UnreadableError

_UTF8 = 0x800


def members(file: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """Names and contents of the files in an archive, without what programs leave behind.

    Raises:
        UnreadableError: encrypted, too large, too many files, or with files outside it.
        BadZipFile: no whole archive.
    """
    room = MAX_UNPACKED
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        named = {_name(entry): entry for entry in entries}
        check_names(file, [_name(entry) for entry in entries])
        files = {name: entry for name, entry in named.items() if not is_ignored(name)}
        if len(files) > MAX_FILES:
            raise refused(file, f"有 {len(files)} 个文件", f"不超过 {MAX_FILES} 个文件")
        if not files:
            raise refused(file, "压缩包是空的", "本月的数据")
        for name, entry in sorted(files.items()):
            if problem := name_problem(f"{file}/{name}"):
                raise UnreadableError(problem)
            if entry.flag_bits & 1:
                raise refused(file, "加了密", "去掉密码后的文件")
            with archive.open(entry) as part:
                content = part.read(min(room, MAX_BYTES) + 1)
            room -= len(content)
            if room < 0 or len(content) > MAX_BYTES:
                raise too_large(f"{file}/{name}")
            yield name, content


def _name(entry: zipfile.ZipInfo) -> str:
    """The name of a file; programs on Chinese Windows write it in GBK without saying so."""
    if entry.flag_bits & _UTF8:
        return entry.filename
    try:
        raw = entry.filename.encode("cp437")
    except UnicodeEncodeError:
        return entry.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return entry.filename
