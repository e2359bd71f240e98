"""Suites run through Great Expectations, in one process.

Great Expectations is imported when a session begins and not before: it takes longer to import than
a month takes to check.
"""

import gc
import logging
import os
import sys
import threading
import warnings
from collections.abc import Iterable
from decimal import Decimal
from importlib.util import LazyLoader, find_spec, module_from_spec
from pathlib import Path
from typing import Any

from ywtb.assessment.figures import plain_figure
from ywtb.assessment.reference import month_of
from ywtb.expectations.frames import ROW_INDEX, Frame, Row, Subject, read_frames
from ywtb.expectations.results import Result, Unexpected
from ywtb.expectations.suites import Expectation, SuiteError, load_suites
from ywtb.project import Project


class Session:
    """An ephemeral context of Great Expectations."""

    def __init__(self, project: Project) -> None:
        """Import Great Expectations, with its analytics off."""
        os.environ["GX_ANALYTICS_ENABLED"] = "false"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _import_when_used("scipy.stats")
            import great_expectations
            import tqdm
            from great_expectations.data_context.types.base import (
                DataContextConfig,
                InMemoryStoreBackendDefaults,
                ProgressBarsConfig,
            )
        # Its progress bars, shown or not, would leave a semaphore behind if this process is ended.
        tqdm.tqdm.set_lock(threading.RLock())
        # A misspelt type is only logged there; here it is an error (see _run).
        logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
        self._gx = great_expectations
        self._folder = project.root / "expectations"
        self._context = great_expectations.get_context(
            mode="ephemeral",
            project_config=DataContextConfig(
                store_backend_defaults=InMemoryStoreBackendDefaults(),
                analytics_enabled=False,
                progress_bars=ProgressBarsConfig(globally=False),
            ),
        )
        frames = self._context.data_sources.add_pandas("ywtb").add_dataframe_asset("frames")
        self._batches = frames.add_batch_definition_whole_dataframe("frame")

    def check(self, database: Path, months: Iterable[str] | None = None) -> list[Result]:
        """Check what arrived and what leaves: some months, by default all, of a release.

        Args:
            database: the built file; nobody may have it open for writing.
            months: such as `2023_06`.

        Raises:
            SuiteError: a suite cannot be run as it is written.
        """
        days = None if months is None else [month_of(month) for month in months]
        frames = read_frames(database, self._folder, load_suites(self._folder), days)
        gc.disable()  # much is made and all of it kept
        try:
            return [result for frame in frames for result in self._run(frame)]
        finally:
            gc.enable()

    def _run(self, frame: Frame) -> list[Result]:
        """Run a suite on its frame, all months at once, as each row is judged by itself.

        A checkpoint would write every value found down once more.

        Raises:
            SuiteError: not every expectation was run, such as one of a type that does not exist.
        """
        gx, expectations = self._gx, frame.suite.expectations
        try:
            suite = gx.ExpectationSuite(
                name=frame.suite.name,
                expectations=[
                    {
                        "type": each.type,
                        "kwargs": each.kwargs,
                        "severity": "critical" if each.severity == "stop" else "warning",
                        "description": each.description,
                        "meta": {"number": number},
                    }
                    for number, each in enumerate(expectations, start=1)
                ],
            )
        except (TypeError, ValueError) as error:
            raise SuiteError(f"{frame.suite.name}: {error}") from error
        _assert_run(frame, {each.meta["number"] for each in suite.expectations})
        batch = self._batches.get_batch(batch_parameters={"dataframe": frame.as_pandas()})
        validated = batch.validate(
            suite,
            result_format={
                "result_format": "COMPLETE",
                "unexpected_index_column_names": [ROW_INDEX],
            },
        )
        by_number = {each.expectation_config.meta["number"]: each for each in validated.results}
        _assert_run(frame, set(by_number))
        rows = [(subject, row) for subject, found in frame.rows.items() for row in found]
        results = []
        for number, each in enumerate(expectations, start=1):
            outcome = by_number[number]
            if raised := _raised(outcome):
                raise SuiteError(f"{frame.suite.name}: {each.type}: {raised}")
            unexpected: dict[Subject, list[Unexpected]] = {subject: [] for subject in frame.rows}
            for one in outcome.result["unexpected_index_list"]:
                subject, row = rows[one[ROW_INDEX]]
                unexpected[subject].append(_unexpected(subject, each, row))
            results += [
                _result(frame, subject, number, each, found)
                for subject, found in unexpected.items()
            ]
        return results


def _import_when_used(name: str) -> None:
    """Have a submodule imported only when something of it is used.

    `scipy.stats` takes a third of the time that Great Expectations takes to import, for tests of
    distributions, which no suite here has.
    """
    if name in sys.modules:
        return
    spec = find_spec(name)
    if spec is None or spec.loader is None:
        return
    spec.loader = LazyLoader(spec.loader)
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    parent, _, child = name.rpartition(".")
    setattr(sys.modules[parent], child, module)


def _assert_run(frame: Frame, run: set[int]) -> None:
    missing = [
        f"{each.type} {each.kwargs}"
        for number, each in enumerate(frame.suite.expectations, start=1)
        if number not in run
    ]
    if missing:
        raise SuiteError(f"{frame.suite.name}: not run: {'; '.join(missing)}")


def _raised(outcome: Any) -> str | None:
    """The message of an exception that kept the expectation from being looked at."""
    info = outcome.exception_info or {}
    for each in [info] if "raised_exception" in info else info.values():
        if each.get("raised_exception"):
            return str(each.get("exception_message"))
    return None


def _result(
    frame: Frame,
    subject: Subject,
    number: int,
    expectation: Expectation,
    unexpected: list[Unexpected],
) -> Result:
    suite = frame.suite
    return Result(
        score_month=subject.month,
        city_code=subject.city_code,
        part=suite.part,
        suite=suite.name,
        suite_title=suite.title,
        expectation_no=number,
        expectation=expectation.type,
        expected=expectation.description,
        observed=f"{len(unexpected)}/{len(frame.rows[subject])} 行不符",
        unexpected_values=unexpected,
        severity=expectation.severity,
        is_success=not unexpected,
    )


def _unexpected(subject: Subject, expectation: Expectation, row: Row) -> Unexpected:
    """A row that is not as expected, and what the other column of a pair says it should be."""
    others = [column for column in expectation.columns if column != expectation.column]
    unit = " ".join(each for each in (subject.city_name, row.get("unit_name")) if each)
    return Unexpected(
        place=row.get("place"),
        source_row=row.get("row_no"),
        unit_name=unit or None,
        column_name=row.get("column_name"),
        column_title=row.get("column_title"),
        seen_value=_text(row[expectation.column]),
        expected_value=_text(row[others[0]]) if others else None,
    )


def _text(value: Any) -> str | None:
    return plain_figure(value) if isinstance(value, Decimal | int) else value
