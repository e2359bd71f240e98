"""A second process that imports Great Expectations while dbt builds in the first."""

from collections.abc import Iterable
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType

from ywtb import child_process
from ywtb.expectations.results import Result
from ywtb.expectations.suites import SuiteError
from ywtb.project import Project

SECONDS = 600
"""Time for a check: a month of a city takes one second."""


class WorkerError(Exception):
    """The worker ended, hangs, or failed in a way that is not about a suite."""


class ExpectationWorker:
    """A process with a `Session` in it; it begins to import as soon as it is started.

        with ExpectationWorker(project) as worker:
            ...                            # dbt builds meanwhile, and closes the file
            worker.ask(database)
            ...                            # the file may be read
            results = worker.answer()

    It ends with its parent, even when that is killed.
    """

    def __init__(self, project: Project) -> None:
        """Make the process, which `with` starts."""
        context = get_context("spawn")
        self._connection, self._far_end = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(project, self._far_end), name="expectations", daemon=True
        )

    def __enter__(self) -> "ExpectationWorker":
        """Start the process, which imports Great Expectations (about 2 s) before it answers."""
        child_process.start(self._process)
        self._far_end.close()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Tell the process to end, dropping what it was doing."""
        self._connection.close()
        self._process.terminate()

    def ask(self, database: Path, months: Iterable[str] | None = None) -> None:
        """Let it check what arrived and what leaves, as `Session.check`; the file must be closed.

        Raises:
            WorkerError: the worker is not there any more.
        """
        try:
            self._connection.send((database, None if months is None else list(months)))
        except OSError as error:
            raise WorkerError("核对中断了") from error

    def answer(self) -> list[Result]:
        """Wait for the results of what was asked.

        Raises:
            SuiteError: a suite cannot be run as it is written.
            WorkerError: the worker failed otherwise.
        """
        try:
            if not self._connection.poll(SECONDS):
                self._process.kill()
                raise WorkerError(f"{SECONDS} 秒内没有核对完")
            answer: list[Result] | SuiteError | WorkerError = self._connection.recv()
        except (EOFError, OSError) as error:
            raise WorkerError("核对中断了") from error
        if isinstance(answer, Exception):
            raise answer
        return answer


def _serve(project: Project, connection: Connection) -> None:
    """Answer requests until the parent ends."""
    child_process.settle()
    from ywtb.expectations.session import Session

    session = Session(project)
    with suppress(EOFError):
        while True:
            database, months = connection.recv()
            answer: list[Result] | SuiteError | WorkerError
            try:
                answer = session.check(database, months)
            except SuiteError as error:
                answer = error
            except Exception as error:  # the parent decides what an error means
                answer = WorkerError(f"{type(error).__name__}: {error}")
            connection.send(answer)
