"""The bulletin as PDF: converted by LibreOffice, then freed of what differs from run to run.

LibreOffice runs aside, in a profile of its own, so that an open window of it is no obstacle and
the caller can do other work meanwhile.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FONTS = Path(__file__).parent / "fonts.conf"

TIME_LIMIT = 120
"""Seconds that a conversion may take."""


class LibreOfficeMissingError(Exception):
    """There is no LibreOffice on this machine."""


class ConversionError(Exception):
    """LibreOffice made no PDF; the message says what it said instead."""


def libreoffice() -> str | None:
    """Where LibreOffice is, or None."""
    return shutil.which("soffice") or shutil.which("libreoffice")


@contextmanager
def pdf_aside(docx: Path, path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Convert a document into `path` while the block runs; what fails the block ends LibreOffice.

    Everything is done in a folder beside the document's, which whoever killed this process finds
    there; LibreOffice ends with it.

    Raises:
        LibreOfficeMissingError: LibreOffice is not installed.
        ConversionError: LibreOffice failed, or took longer than `TIME_LIMIT`.
    """
    program = libreoffice()
    if program is None:
        raise LibreOfficeMissingError("soffice")
    with tempfile.TemporaryDirectory(dir=docx.resolve().parent.parent, prefix="pdf.") as name:
        folder = Path(name)
        shutil.copyfile(docx, folder / "bulletin.docx")
        process = subprocess.Popen(  # noqa: S603
            [
                program,
                "--headless",
                "--norestore",
                f"-env:UserInstallation={(folder / 'profile').as_uri()}",
                "--convert-to",
                "pdf",
                "--outdir",
                str(folder),
                str(folder / "bulletin.docx"),
            ],
            env={
                **os.environ,
                "FONTCONFIG_FILE": str(FONTS),
                "LC_ALL": "C.UTF-8",  # in C it waits for ever if a folder's name is Chinese
                "SAL_USE_VCLPLUGIN": "svp",
                "TMPDIR": name,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        guard = subprocess.Popen(  # noqa: S603 (its input ends with this process)
            ["/bin/sh", "-c", f"while read -r _; do :; done; kill -9 -{process.pid}"],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            yield process
            _finish(process, folder / "bulletin.pdf", path)
        finally:
            guard.kill()
            guard.communicate()
            _end(process)


def _finish(process: subprocess.Popen[bytes], made: Path, path: Path) -> None:
    """Wait for the PDF and put it in its place."""
    try:
        said, _ = process.communicate(timeout=TIME_LIMIT)
    except subprocess.TimeoutExpired as error:
        raise ConversionError(f"{TIME_LIMIT} 秒内未完成") from error
    if process.returncode or not made.is_file():
        raise ConversionError(said.decode(errors="replace").strip())
    _normalise(made, path)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End LibreOffice with all the processes that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def _normalise(made: Path, path: Path) -> None:
    """Copy a PDF without its random identifiers and times of conversion."""
    import pikepdf

    with pikepdf.open(made) as pdf:
        for key in ("/ID", "/DocChecksum"):
            if key in pdf.trailer:
                del pdf.trailer[key]
        if "/Metadata" in pdf.Root:
            del pdf.Root.Metadata
        for key in ("/CreationDate", "/ModDate"):
            if key in pdf.docinfo:
                del pdf.docinfo[key]
        pdf.save(path, deterministic_id=True)
