"""Great Expectations on what arrives (`expectations/raw`) and what leaves (`expectations/marts`).

The suites are YAML of our own and name no unit, range, cap or weight: those come from
`seeds/reference`, or from the built release, month by month. How a refresh uses this:

    with ExpectationWorker(project) as worker:      # before dbt is imported
        worker.begin_check_raw()                    # the worker imports and checks meanwhile
        ...                                         # start dbt, parse
        results = worker.results()
        if failures(results, "stop"): ...           # refuse: nothing is built
        ...                                         # build; the file is closed by then
        results += worker.check_marts(database)
        if failures(results, "stop"): ...           # refuse: the symlink stays
        write_results(database, results)            # audit.expectation_results
        worker.write_data_docs(folder)

A failed expectation of severity `stop` refuses the release; of severity `warn` it is shown in the
summary and kept. `Result.problems()` gives each failure as a `Problem` (file, row, unit,
column, value seen, value expected), `Result.message` the same as Chinese lines. A suite that
cannot be run as written, such as one with a misspelt type, raises `SuiteError`: that is a fault of
the project, never a passed check. `check_raw` and `check_marts` do the same in this process.

A month takes some 3 s and months are checked one by one, so a refresh names those that may have
changed (`months=`, see `fingerprints`) and keeps what the published release says about the others
(`read_results`).

Great Expectations is imported only where it runs. Its analytics are off.
"""

from collections.abc import Iterable
from pathlib import Path

from ywtb.expectations.results import (
    Result,
    Unexpected,
    failures,
    read_results,
    write_results,
)
from ywtb.expectations.suites import SuiteError
from ywtb.expectations.worker import ExpectationWorker, WorkerError
from ywtb.project import Project

__all__ = [
    "ExpectationWorker",
    "Result",
    "SuiteError",
    "Unexpected",
    "WorkerError",
    "check_marts",
    "check_raw",
    "failures",
    "read_results",
    "write_results",
]


def check_raw(project: Project, months: Iterable[str] | None = None) -> list[Result]:
    """Check what arrives: the files of some months such as `2023_06`, by default all to build.

    Raises:
        SuiteError: a suite cannot be run as it is written.
    """
    from ywtb.expectations.session import Session

    return Session(project).check_raw(months)


def check_marts(
    project: Project, database: Path, months: Iterable[str] | None = None
) -> list[Result]:
    """Check what leaves: annexes and facts of a built database that is closed.

    Raises:
        SuiteError: a suite cannot be run as it is written.
    """
    from ywtb.expectations.session import Session

    return Session(project).check_marts(database, months)
