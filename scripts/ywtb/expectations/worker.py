"""A second process that checks while dbt builds in the first.

The two talk in lines of JSON: `{"call": "check_raw", "months": [...]}` one way,
`{"results": [...]}`, `{"page": "..."}` or `{"error": "..."}` the other. The worker ends with its
standard input, so it does not outlive a parent that was killed.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from ywtb.expectations.results import Result
from ywtb.expectations.suites import SuiteError
from ywtb.project import Project


class WorkerError(Exception):
    """The worker ended, or failed in a way that is not about a suite."""


class ExpectationWorker:
    """A process with a `Session` in it; it begins to import as soon as it is started.

    `begin_check_raw` returns at once, so that the caller can work until `result` is needed:

        with ExpectationWorker(project) as worker:
            worker.begin_check_raw()
            ...                            # dbt parses meanwhile
            arrived = worker.results()
            ...                            # dbt builds and closes the file
            left = worker.check_marts(database)
            worker.write_data_docs(folder)
    """

    def __init__(self, project: Project) -> None:
        """Name the project; `start`, or `with`, starts the process."""
        self._project = project
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "ExpectationWorker":
        """Start the process."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the process."""
        self.close()

    def start(self) -> None:
        """Start the process, which imports Great Expectations (about 2 s) before it answers."""
        if self._process is None:
            self._process = subprocess.Popen(  # noqa: S603  nothing here comes from outside
                [sys.executable, "-m", "ywtb.expectations", str(self._project.root)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                # Chinese in the lines must not depend on the locale of a scheduler.
                env={**os.environ, "PYTHONUTF8": "1", "GX_ANALYTICS_ENABLED": "false"},
            )

    def begin_check_raw(self, months: Iterable[str] | None = None) -> None:
        """Ask for `check_raw` without waiting; `results` waits."""
        self._send(call="check_raw", months=None if months is None else list(months))

    def results(self) -> list[Result]:
        """The results of what was begun.

        Raises:
            SuiteError: a suite cannot be run as it is written.
            WorkerError: the worker failed otherwise.
        """
        return [Result.from_dict(each) for each in self._receive()["results"]]

    def check_raw(self, months: Iterable[str] | None = None) -> list[Result]:
        """Check what arrives, as `Session.check_raw`."""
        self.begin_check_raw(months)
        return self.results()

    def check_marts(self, database: Path, months: Iterable[str] | None = None) -> list[Result]:
        """Check what leaves, as `Session.check_marts`; the file must be closed."""
        chosen = None if months is None else list(months)
        self._send(call="check_marts", database=str(database), months=chosen)
        return self.results()

    def write_data_docs(
        self, folder: Path, kept: Iterable[Result] = (), kept_pages: Path | None = None
    ) -> Path:
        """Write Data Docs of everything checked so far, as `Session.write_data_docs`."""
        self._send(
            call="write_data_docs",
            folder=str(folder),
            kept=[each.as_dict() for each in kept],
            kept_pages=None if kept_pages is None else str(kept_pages),
        )
        return Path(self._receive()["page"])

    def close(self) -> None:
        """End the process; what it was doing is dropped."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.communicate()

    def _send(self, **request: Any) -> None:
        if self._process is None or self._process.stdin is None:
            raise WorkerError("not started")
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise WorkerError("the worker has ended") from error

    def _receive(self) -> dict[str, Any]:
        if self._process is None or self._process.stdout is None:
            raise WorkerError("not started")
        line = self._process.stdout.readline()
        if not line:
            raise WorkerError("the worker has ended")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            kind = SuiteError if answer["is_suite_error"] else WorkerError
            raise kind(answer["error"])
        return answer


def serve(root: Path) -> None:
    """Answer requests from standard input until it ends."""
    # Whatever a library prints must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    from ywtb.expectations.session import Session

    session = Session(Project(root))
    for line in sys.stdin:
        try:
            answer = _answer(session, json.loads(line))
        except Exception as error:  # the parent decides what an error means
            is_suite_error = isinstance(error, SuiteError)
            text = str(error) if is_suite_error else f"{type(error).__name__}: {error}"
            answer = {"error": text, "is_suite_error": is_suite_error}
        _reply(answers, answer)


def _answer(session: Any, request: dict[str, Any]) -> dict[str, Any]:
    call, months = request["call"], request.get("months")
    if call == "check_raw":
        return {"results": [each.as_dict() for each in session.check_raw(months)]}
    if call == "check_marts":
        found = session.check_marts(Path(request["database"]), months)
        return {"results": [each.as_dict() for each in found]}
    if call == "write_data_docs":
        kept = [Result.from_dict(each) for each in request["kept"]]
        pages = Path(request["kept_pages"]) if request["kept_pages"] else None
        return {"page": str(session.write_data_docs(Path(request["folder"]), kept, pages))}
    raise WorkerError(f"nothing is called {call}")


def _reply(answers: TextIO, answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()
