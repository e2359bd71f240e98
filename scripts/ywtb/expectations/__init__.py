"""Great Expectations on what arrived (`expectations/raw`) and what leaves (`expectations/marts`).

How a refresh uses this:

    with ExpectationWorker(project) as worker:      # imports while dbt parses and builds
        ...                                         # build; the file is closed by then
        worker.ask(database)
        ...                                         # what else only reads
        results = worker.answer()
        if failures(results, "stop"): ...           # refuse: the symlink stays
    write_results(database, results)                # audit.expectation_results

A failed expectation of severity `stop` refuses the release; of severity `warn` it is shown in the
summary and kept. `Result.problems()` gives each failure as a `Problem` (file, row, unit, column,
value seen, value expected), `Result.message` the same as Chinese lines. A suite that cannot be run
as written, such as one with a misspelt type, raises `SuiteError`: that is a fault of the project,
never a passed check. What is wrong with a single cell of a monthly file is not looked for here:
`audit.input_problems` says that, and where it says anything nothing is checked.

A month takes about a second, so a refresh names those that changed (`months=`); the release has the
results of the others already.

Great Expectations is imported only where it runs. Its analytics are off.
"""

from ywtb.expectations.results import (
    Result,
    Unexpected,
    failures,
    write_results,
)
from ywtb.expectations.suites import SuiteError
from ywtb.expectations.worker import ExpectationWorker, WorkerError

__all__ = [
    "ExpectationWorker",
    "Result",
    "SuiteError",
    "Unexpected",
    "WorkerError",
    "failures",
    "write_results",
]
