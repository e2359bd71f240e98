"""Reading of files in a process of its own, which may run out of memory or time without harm.

A small file can hold a great deal, on purpose or by accident: a text that many cells refer to,
nested or repeated parts. Whatever it does to the process that reads it, it is named, and the other
files are read.
"""

from collections.abc import Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from types import TracebackType
from typing import NamedTuple

from ywtb import child_process
from ywtb.assessment.problem import Problem
from ywtb.intake.sources import GUIDE, Source, month_problems
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
    is_workbook: bool
    data: bytes
    headings: frozenset[str]


class FileReader:
    """A process that reads files; it gets ready as soon as it is started.

    with FileReader() as reader:
        ...                            # meanwhile
        tables, problems = reader.tables(sources, "2023_07", headings)
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
        self, sources: Sequence[Source], month: str, headings: frozenset[str]
    ) -> tuple[list[tuple[Source, Table]], list[Problem]]:
        """Tables of all files, and problems of the files that are none.

        Args:
            sources: the files.
            month: such as 2023_07.
            headings: compact headings of first columns.
        """
        tables: list[tuple[Source, Table]] = []
        problems: list[Problem] = []
        for source in sources:
            is_workbook = source.path.suffix.lower() == ".xlsx"
            try:
                found = self._ask(_Request(source.name, is_workbook, source.data, headings))
            except UnreadableError as error:
                problems += error.problems
            else:
                tables += [(source, table) for table in found]
        return tables, problems

    def _ask(self, request: _Request) -> list[Table]:
        try:
            self._connection.send(request)
            if self._connection.poll(SECONDS):
                answer: list[Table] | UnreadableError = self._connection.recv()
            else:
                answer = _unreadable(request, f"{SECONDS} 秒内没有读完", "片刻即可读完的文件")
                self._restart()
        except (EOFError, OSError):
            answer = _out_of_memory(request)
            self._restart()
        if isinstance(answer, UnreadableError):
            raise answer
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
            answer: list[Table] | UnreadableError
            try:
                answer = _read(request)
            except UnreadableError as error:
                answer = error
            except MemoryError:
                answer = _out_of_memory(request)
            connection.send(answer)


def _read(request: _Request) -> list[Table]:
    """The tables of a file, equal cells being one object, so that they arrive small.

    Raises:
        UnreadableError: no honest file, or one with cells that Excel could not hold.
    """
    from ywtb.intake.text_file import read_text_table
    from ywtb.intake.workbook import read_workbook

    name, is_workbook, data, headings = request
    if is_workbook:
        tables = read_workbook(name, data, GUIDE)
    elif data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise _unreadable(request, "内容是工作簿", "文本；工作簿以 .xlsx 命名")
    else:
        tables = [read_text_table(name, data, headings)]
    long = [
        Problem(name, row, letters(column), *too_long(cell.text), sheet=table.sheet)
        for table in tables
        for row, cells in enumerate(table.rows, start=1)
        for column, cell in enumerate(cells)
        if len(cell.text) > MAX_CELL
    ]
    if long:
        raise UnreadableError(*long)
    known: dict[ReceivedCell, ReceivedCell] = {}
    for table in tables:
        table.rows[:] = [[known.setdefault(cell, cell) for cell in cells] for cells in table.rows]
    return tables


def _out_of_memory(request: _Request) -> UnreadableError:
    seen = "读取时内存用尽或中断（疑为压缩炸弹或已损坏）"
    return _unreadable(request, seen, f"读取所需内存不超过 {MEMORY // 1024**2} MB 的文件")


def _unreadable(request: _Request, seen: str, expected: str) -> UnreadableError:
    return UnreadableError(Problem(request.name, None, None, seen, expected))
