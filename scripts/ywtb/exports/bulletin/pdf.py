"""Bulletins as PDF: converted by LibreOffice, then freed of what differs from run to run.

LibreOffice runs aside, in a profile of its own, so that an open window of it is no obstacle and
the caller can do other work meanwhile.
"""

import io
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pikepdf

FONTS = Path(__file__).parent / "fonts.conf"

PDF = "pdf:writer_pdf_Export:" + json.dumps(
    {
        "UseTaggedPDF": {"type": "boolean", "value": "true"},
        "IsSkipEmptyPages": {"type": "boolean", "value": "false"},
    }
)
"""It tells those who hear it what is a heading, a table and its cells, and has the empty pages that
let every letter begin on a sheet of its own.
"""

TIME_LIMIT = 120
"""Seconds that a conversion may take, and half of it for each further document."""

PAUSE = 0.05
"""Seconds between two looks at how far it is."""


class ConversionError(Exception):
    """LibreOffice made no PDF; the message says what it said instead."""


def libreoffice() -> str | None:
    """Where LibreOffice is, or None."""
    return shutil.which("soffice") or shutil.which("libreoffice")


@cache
def missing_typefaces() -> tuple[str, ...]:
    """Typefaces that `FONTS` names of which neither they nor what it accepts is installed."""
    match = shutil.which("fc-match")
    if match is None:
        return ()
    missing = []
    for alias in ET.parse(FONTS).iter("alias"):  # noqa: S314 (a file of this package)
        name, *accepted = (
            each.text for each in alias.findall("family") + alias.findall("accept/*")
        )
        found = subprocess.run(  # noqa: S603
            [match, "-f", "%{family}", str(name)],
            env={**os.environ, "FONTCONFIG_FILE": str(FONTS)},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        if not {name, *accepted} & set(found.stdout.split(",")):
            missing.append(str(name))
    return tuple(missing)


@contextmanager
def converted(documents: Sequence[Path]) -> Iterator[Callable[[Path, Path], None]]:
    """Convert documents while the block runs; what fails the block ends LibreOffice.

    Everything is done in a folder beside that of the first document, where whoever killed this
    process finds it; LibreOffice ends with it. Without documents or LibreOffice nothing is done.

    Yields:
        A function to call with a document and where its PDF shall go, which waits for LibreOffice
        and raises `ConversionError` if that failed, or took longer than it may.
    """
    program = libreoffice()
    if program is None or not documents:
        yield lambda document, path: None
        return
    beside = documents[0].resolve().parent.parent
    with tempfile.TemporaryDirectory(dir=beside, prefix="pdf.") as name:
        folder = Path(name)
        copies = {each: folder / f"{number}.docx" for number, each in enumerate(documents)}
        for document, copy in copies.items():
            _copy(document, copy)
        log, limit = folder / "said.txt", TIME_LIMIT * (1 + len(documents)) // 2
        process = subprocess.Popen(  # noqa: S603
            [
                program,
                "--headless",
                "--norestore",
                f"-env:UserInstallation={(folder / 'profile').as_uri()}",
                "--convert-to",
                PDF,
                "--outdir",
                name,
                *map(str, copies.values()),
            ],
            env={
                **os.environ,
                "FONTCONFIG_FILE": str(FONTS),
                "LC_ALL": "C.UTF-8",  # in C it waits for ever if a folder's name is Chinese
                "SAL_USE_VCLPLUGIN": "svp",
                "TMPDIR": name,
            },
            stdin=subprocess.DEVNULL,
            stdout=log.open("wb"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        end = monotonic() + limit
        guard = subprocess.Popen(  # noqa: S603 (its input ends with this process)
            ["/bin/sh", "-c", f"while read -r _; do :; done; kill -9 -{process.pid}"],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        pdfs = [copy.with_suffix(".pdf") for copy in copies.values()]

        def put(document: Path, path: Path) -> None:
            made = copies[document].with_suffix(".pdf")
            later = pdfs[pdfs.index(made) + 1 :]
            # A file is whole when the next one is begun, or nothing more comes.
            while process.poll() is None and not any(each.exists() for each in later):
                if monotonic() > end:
                    _end(process)
                    raise ConversionError(f"{limit} 秒内未完成")
                sleep(PAUSE)
            if process.returncode or not made.is_file():
                raise ConversionError(log.read_text(errors="replace").strip())
            with zipfile.ZipFile(copies[document]) as archive:
                drawings = [name for name in archive.namelist() if name.endswith(".svg")]
                _normalise(made, path, [archive.read(each).decode() for each in drawings])

        try:
            yield put
        finally:
            guard.kill()
            guard.communicate()
            _end(process)


def _copy(document: Path, copy: Path) -> None:
    """Copy a document for LibreOffice, which takes marks that may not hang for such as may."""
    with zipfile.ZipFile(document) as source, zipfile.ZipFile(copy, "w") as target:
        for name in source.namelist():
            part = source.read(name)
            if name == "word/styles.xml":
                part = part.replace(b'overflowPunct w:val="0"', b'overflowPunct w:val="1"')
            target.writestr(name, part)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End LibreOffice with all the processes that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _normalise(made: Path, path: Path, drawings: Sequence[str]) -> None:
    """Copy a PDF without its random identifiers, times of conversion and numbers of fonts.

    Args:
        made: by LibreOffice.
        path: where to.
        drawings: as SVG, what LibreOffice made pictures of, in their order.
    """
    import pikepdf

    with pikepdf.open(made) as pdf:
        for key in ("/ID", "/DocChecksum"):
            if key in pdf.trailer:
                del pdf.trailer[key]
        if "/Metadata" in pdf.Root:
            del pdf.Root.Metadata
        pdf.Root.Lang = "zh-CN"
        for key in ("/CreationDate", "/ModDate"):
            if key in pdf.docinfo:
                del pdf.docinfo[key]
        _redraw(pdf, drawings)
        fonts = (each for each in pdf.objects if isinstance(each, pikepdf.Stream))
        for number, font in enumerate(each for each in fonts if "/Length2" in each):
            data, clear, end = font.read_bytes(), int(font.Length1), int(font.Length2)
            parts = data[:clear], data[clear : clear + end], data[clear + end :]
            font.write(_numbered(*parts, 4_100_001 + number))
        pdf.save(path, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)


def _redraw(pdf: "pikepdf.Pdf", drawings: Sequence[str]) -> None:
    """Draw what LibreOffice made pictures of; one that draws them itself leaves nothing to do."""
    import pikepdf
    import vl_convert

    places = [
        (page.Resources.XObject, step.operands[0])
        for page in pdf.pages
        for step in pikepdf.parse_content_stream(page, "Do")
        if page.Resources.XObject[step.operands[0]].Subtype == "/Image"
    ]
    if len(places) != len(drawings):
        return
    for (objects, name), drawing in zip(places, drawings, strict=True):
        with pikepdf.open(io.BytesIO(vl_convert.svg_to_pdf(drawing))) as drawn:
            (page,) = drawn.pages
            form = pdf.copy_foreign(page.as_form_xobject())
            _, _, width, height = (float(each) for each in page.mediabox)
            form.Matrix = [1 / width, 0, 0, 1 / height, 0, 0]
            objects[name] = form


def _numbered(clear: bytes, hidden: bytes, rest: bytes, number: int) -> bytes:
    """A Type 1 font with a number of its own; LibreOffice counts them on from file to file.

    Args:
        clear: its clear part.
        hidden: the part in the cipher that the format calls eexec.
        rest: what comes after it.
        number: of seven digits, as LibreOffice has them.
    """

    def renumbered(part: bytes) -> bytes:
        return re.sub(rb"/UniqueID \d{7}", b"/UniqueID %d" % number, part)

    shown = renumbered(_eexec(hidden, is_hidden=True))
    return renumbered(clear) + _eexec(shown, is_hidden=False) + rest


def _eexec(data: bytes, is_hidden: bool) -> bytes:
    """To or from the cipher of Type 1 fonts (Adobe Type 1 Font Format, chapter 7)."""
    key, turned = 55665, bytearray()
    for byte in data:
        other = byte ^ key >> 8
        turned.append(other)
        key = ((byte if is_hidden else other) + key) * 52845 + 22719 & 0xFFFF
    return bytes(turned)
