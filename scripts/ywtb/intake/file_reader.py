"""Reading of files in a process of its own, which may run out of memory or time without harm.

A small file can hold a great deal, on purpose or by accident: a text that many cells refer to,
nested or repeated parts. Whatever it does to the process that reads it, it is named, and the other
files are read.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from types import TracebackType
from typing import NamedTuple

from ywtb import child_process
from ywtb.assessment.problem import Problem
from ywtb.intake.sources import GUIDE, Source
from ywtb.intake.tables import (
    MAX_CELL,
    ReceivedCell,
    Table,
    UnreadableError,
    letters,
    too_long,
)

MEMORY = 1024**3
"""Bytes that the process may have: a table of the largest size takes a quarter of it."""

SECONDS = 30
"""Time for a file: a month's workbook takes a twentieth of a second."""


class _Request(NamedTuple):
    """A file to read. `headings` are the compact headings of first columns."""

    name: str
    data: bytes
    headings: frozenset[str]


class _Answer(NamedTuple):
    """The tables of a file, and problems of what is none in it."""

    tables: list[Table]
    problems: list[Problem]


class FileReader:
    """A process that reads files; it gets ready as soon as it is started.

    with FileReader() as reader:
        ...                            # meanwhile
        tables, problems = reader.tables(sources, headings)
    """

    def __enter__(self) -> "FileReader":
        """Start the process."""
        self._start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the process, whatever it is doing."""
        self._end()

    def tables(
        self, sources: Sequence[Source], headings: frozenset[str]
    ) -> tuple[list[tuple[Source, Table]], list[Problem]]:
        """Tables of all files, and problems of the files that are none.

        Args:
            sources: the files.
            headings: compact headings of first columns.
        """
        tables: list[tuple[Source, Table]] = []
        problems: list[Problem] = []
        for source in sources:
            found = self._ask(_Request(source.name, source.data, headings))
            problems += found.problems
            tables += [(source, table) for table in found.tables]
        return tables, problems

    def _ask(self, request: _Request) -> _Answer:
        try:
            self._connection.send(request)
            if self._connection.poll(SECONDS):
                answer: _Answer = self._connection.recv()
            else:
                answer = _refusal(request, f"{SECONDS} 秒内没有读完", "片刻即可读完的文件")
                self._restart()
        except (EOFError, OSError):
            answer = _out_of_memory(request)
            self._restart()
        return answer

    def _start(self) -> None:
        context = get_context("spawn")
        self._connection, far_end = context.Pipe()
        self._process: SpawnProcess = context.Process(
            target=_serve, args=(far_end, MEMORY), name="reader", daemon=True
        )
        child_process.start(self._process)
        far_end.close()

    def _end(self) -> None:
        self._connection.close()
        self._process.kill()
        self._process.join()

    def _restart(self) -> None:
        self._end()
        self._start()


def _serve(connection: Connection, memory: int) -> None:
    """Read files until the parent ends."""
    child_process.settle()
    child_process.confine(memory)
    with suppress(EOFError):
        while True:
            request: _Request = connection.recv()
            try:
                answer = _read(request)
            except MemoryError:
                answer = _out_of_memory(request)
            connection.send(answer)


def _read(request: _Request) -> _Answer:
    """The tables of a file, or of the files in it, and problems of those that are not read.

    Equal cells are one object, so that they arrive small.
    """
    from ywtb.intake.archive_file import members
    from ywtb.intake.file_kinds import file_kind

    tables: list[Table] = []
    problems: list[Problem] = []
    try:
        if file_kind(request.name, request.data) == "zip":
            for member, data in _whole(request.name, members(request.name, request.data)):
                try:
                    found = _tables(f"{request.name}/{member}", data, request.headings, True)
                    tables += [replace(table, member=member) for table in found]
                except UnreadableError as error:
                    problems += error.problems
        else:
            tables += _tables(request.name, request.data, request.headings, False)
    except UnreadableError as error:
        problems += error.problems
    known: dict[ReceivedCell, ReceivedCell] = {}
    for table in tables:
        table.rows[:] = [[known.setdefault(cell, cell) for cell in cells] for cells in table.rows]
    return _Answer(tables, problems)


def _whole(name: str, members: Iterator[tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """The files of an archive up to where it is spoilt.

    Raises:
        UnreadableError: there.
    """
    try:
        yield from members
    except (UnreadableError, MemoryError):
        raise
    except Exception as error:
        raise _spoilt(name, "压缩包", error) from error


def _tables(name: str, data: bytes, headings: frozenset[str], is_member: bool) -> list[Table]:
    """The tables of one file.

    Raises:
        UnreadableError: no honest file, or one with cells that Excel could not hold.
    """
    from ywtb.intake.file_kinds import file_kind

    kind = file_kind(name, data)
    if kind == "zip":
        seen = "压缩包中还有压缩包" if is_member else "压缩包"
        raise UnreadableError(Problem(name, None, None, seen, "解压一层即见表格的压缩包"))
    try:
        tables = _read_as(kind, name, data, headings)
    except (UnreadableError, MemoryError):
        raise
    except Exception as error:  # a spoilt file can make its readers raise anything
        raise _spoilt(name, NAMES.get(kind, "工作簿"), error) from error
    long = [
        Problem(name, row, letters(column), *too_long(cell.text), sheet=table.sheet)
        for table in tables
        for row, cells in enumerate(table.rows, start=1)
        for column, cell in enumerate(cells)
        if len(cell.text) > MAX_CELL
    ]
    if long:
        raise UnreadableError(*long)
    return tables


def _read_as(kind: str, name: str, data: bytes, headings: frozenset[str]) -> list[Table]:
    """The tables of a file of a kind; no reader is loaded but the one that is needed."""
    if kind == "text":
        from ywtb.intake.text_file import read_text_table

        return [read_text_table(name, data, headings)]
    if kind == "html":
        from ywtb.intake.html_file import read_html

        return read_html(name, data)
    if kind == "docx":
        from ywtb.intake.word_file import read_word

        return read_word(name, data)
    if kind == "xls":
        from ywtb.intake.xls_file import read_xls as read
    elif kind == "xlsb":
        from ywtb.intake.xlsb_file import read_xlsb as read
    elif kind == "ods":
        from ywtb.intake.ods_file import read_ods as read
    else:
        from ywtb.intake.workbook import read_workbook as read
    return read(name, data, GUIDE)


NAMES = {"docx": "Word 文档", "html": "网页", "text": "文本"}
"""What a file is called by its kind, where it is no workbook."""


def _spoilt(name: str, kind: str, error: Exception) -> UnreadableError:
    seen = f"不是完整的{kind}（{type(error).__name__}）"
    return UnreadableError(Problem(name, None, None, seen, "Excel、WPS 等保存的完整文件"))


def _out_of_memory(request: _Request) -> _Answer:
    seen = "读取时内存用尽或中断（疑为压缩炸弹或已损坏）"
    return _refusal(request, seen, f"读取所需内存不超过 {MEMORY // 1024**2} MB 的文件")


def _refusal(request: _Request, seen: str, expected: str) -> _Answer:
    return _Answer([], [Problem(request.name, None, None, seen, expected)])
