"""Suites run through Great Expectations, in one process.

Great Expectations is imported when a session begins and not before: it takes longer to import than
a month takes to check.
"""

import gc
import logging
import os
import warnings
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from ywtb.assessment.figures import plain_figure
from ywtb.expectations.data_docs import write_site
from ywtb.expectations.frames import Frame
from ywtb.expectations.marts import Release, mart_frames
from ywtb.expectations.metadata import month_of
from ywtb.expectations.raw import raw_frames
from ywtb.expectations.results import Result, Unexpected
from ywtb.expectations.suites import Expectation, SuiteError, fill_in, load_suites
from ywtb.project import Project

OPTIONAL = "raw_published_scores"
_IDENTITY = ("unit_name", "row_no", "metric_code", "indicator_code", "indicator_name")
_SUFFIXES = ("_text", "_is_zero", "_is_full", "_is_na")


class Session:
    """An ephemeral context of Great Expectations and everything that was run in it."""

    def __init__(self, project: Project) -> None:
        """Import Great Expectations, with its analytics off."""
        os.environ["GX_ANALYTICS_ENABLED"] = "false"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import great_expectations
            from great_expectations.data_context.types.base import (
                DataContextConfig,
                InMemoryStoreBackendDefaults,
                ProgressBarsConfig,
            )
        # A misspelt type is only logged there; here it is an error (see _run).
        logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
        self._gx = great_expectations
        self._project = project
        self.context = great_expectations.get_context(
            mode="ephemeral",
            project_config=DataContextConfig(
                store_backend_defaults=InMemoryStoreBackendDefaults(),
                analytics_enabled=False,
                progress_bars=ProgressBarsConfig(globally=False),
            ),
        )
        self._source = self.context.data_sources.add_pandas("ywtb")
        self._results: dict[tuple[str, str], list[Result]] = {}

    def check_raw(self, months: Iterable[str] | None = None) -> list[Result]:
        """Check what arrives: the files of some months, by default all, errata applied.

        Args:
            months: such as `2023_06`.

        Raises:
            SuiteError: a suite cannot be run as it is written.
        """
        chosen = self._project.score_months() if months is None else list(months)
        return self._check("raw", raw_frames(self._project, chosen), {OPTIONAL})

    def check_marts(self, database: Path, months: Iterable[str] | None = None) -> list[Result]:
        """Check what leaves: the annexes and facts of some months, by default all, of a release.

        Args:
            database: the built file; nobody may have it open for writing.
            months: such as `2023_06`.

        Raises:
            SuiteError: a suite cannot be run as it is written.
        """
        release = Release(database)
        chosen = release.months if months is None else [month_of(month) for month in months]
        return self._check("marts", mart_frames(release, chosen), set())

    def write_data_docs(
        self, folder: Path, kept: Iterable[Result] = (), kept_pages: Path | None = None
    ) -> Path:
        """Write Data Docs of everything that this session has run; the page to open first.

        Args:
            folder: where the pages go.
            kept: results of months that were not checked again.
            kept_pages: the Data Docs that hold the pages of these.
        """
        results = [each for found in self._results.values() for each in found]
        return write_site(self.context, results, folder, list(kept), kept_pages)

    def _check(self, kind: str, frames: Iterable[Frame], optional: set[str]) -> list[Result]:
        """Run every suite of a folder; the garbage collector rests, as much is made and kept."""
        folder = self._project.root / "expectations" / kind
        suites = load_suites(folder)
        results: list[Result] = []
        seen: dict[str, set[str]] = {}
        gc.disable()
        try:
            for frame in frames:
                if frame.name not in suites:
                    raise SuiteError(f"{folder.name}: no suite {frame.name}.yml")
                seen.setdefault(frame.metadata.label, set()).add(frame.name)
                results += self._run(frame, fill_in(suites[frame.name], frame))
        finally:
            gc.enable()
        for month, names in seen.items():
            unused = suites.keys() - names - optional
            if unused:
                raise SuiteError(f"{month}: nothing to check with {', '.join(sorted(unused))}")
        return results

    def _run(self, frame: Frame, expectations: list[Expectation]) -> list[Result]:
        """Run a suite on its frame through a checkpoint.

        Raises:
            SuiteError: not every expectation was run, such as one of a type that does not exist.
        """
        gx = self._gx
        name = f"{frame.name}__{frame.metadata.folder}"
        for old in self._results.keys() & {(frame.name, frame.metadata.label)}:
            # Checked again in the same session: the newest results stand.
            self._forget(name)
            del self._results[old]
        try:
            suite = gx.ExpectationSuite(
                name=name,
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
            raise SuiteError(f"{frame.name}: {error}") from error
        _assert_run(frame, expectations, {each.meta["number"] for each in suite.expectations})
        suite = self.context.suites.add(suite)
        asset = self._source.add_dataframe_asset(name)
        batch = asset.add_batch_definition_whole_dataframe("month")
        validation = self.context.validation_definitions.add(
            gx.ValidationDefinition(name=name, data=batch, suite=suite)
        )
        checkpoint = self.context.checkpoints.add(
            gx.Checkpoint(
                name=name,
                validation_definitions=[validation],
                result_format={
                    "result_format": "COMPLETE",
                    "unexpected_index_column_names": [
                        column for column in _IDENTITY if column in frame.columns
                    ],
                },
            )
        )
        outcome = checkpoint.run(
            batch_parameters={"dataframe": frame.as_pandas()}, run_id=self._run_id(frame)
        )
        (validated,) = outcome.run_results.values()
        by_number = {each.expectation_config.meta["number"]: each for each in validated.results}
        _assert_run(frame, expectations, set(by_number))
        found = [
            _result(frame, number, each, by_number[number])
            for number, each in enumerate(expectations, start=1)
        ]
        self._results[frame.name, frame.metadata.label] = found
        return found

    def _forget(self, name: str) -> None:
        self.context.checkpoints.delete(name)
        self.context.validation_definitions.delete(name)
        self.context.suites.delete(name)
        self._source.delete_asset(name)

    def _run_id(self, frame: Frame) -> Any:
        """The month as run time, so that equal results make equal Data Docs."""
        from great_expectations.core.run_identifier import RunIdentifier

        month = frame.metadata.month
        time = datetime(month.year, month.month, month.day, tzinfo=UTC)
        return RunIdentifier(run_name=frame.metadata.label, run_time=time)


def _assert_run(frame: Frame, expectations: list[Expectation], run: set[int]) -> None:
    missing = [
        f"{each.type} {each.kwargs}"
        for number, each in enumerate(expectations, start=1)
        if number not in run
    ]
    if missing:
        raise SuiteError(f"{frame.name}: not run: {'; '.join(missing)}")


def _result(frame: Frame, number: int, expectation: Expectation, outcome: Any) -> Result:
    column = expectation.column
    for suffix in _SUFFIXES:
        column = column.removesuffix(suffix) if column else None
    observed, unexpected = _observed(frame, expectation, outcome)
    is_broken = bool(_raised(outcome))
    return Result(
        month=frame.metadata.label,
        suite=frame.name,
        number=number,
        expectation=expectation.type,
        column=column,
        title=_title(frame, column),
        expected=expectation.description,
        observed=observed,
        # What could not be looked at at all is never just a warning.
        severity="stop" if is_broken else expectation.severity,
        success=bool(outcome.success) and not is_broken,
        unexpected=unexpected,
        source=frame.source,
    )


def _title(frame: Frame, column: str | None) -> str | None:
    if column is None:
        return None
    for prefix in ("printed_", "fact_", ""):
        if column.startswith(prefix) and column.removeprefix(prefix) in frame.titles:
            return frame.titles[column.removeprefix(prefix)]
    return None


def _raised(outcome: Any) -> str | None:
    """The message of an exception that kept the expectation from being looked at."""
    info = outcome.exception_info or {}
    if "raised_exception" in info:
        info = {"": info}
    for each in info.values():
        if each.get("raised_exception"):
            return str(each.get("exception_message"))
    return None


def _observed(frame: Frame, expectation: Expectation, outcome: Any) -> tuple[str, list[Unexpected]]:
    """What was found, and the unexpected values with their units."""
    kwargs, result = expectation.kwargs, outcome.result
    lacking = [name for name in _named(expectation) if name not in frame.columns]
    if lacking and not outcome.success:
        return f"没有 {'、'.join(lacking)} 列", []
    raised = _raised(outcome)
    if raised is not None:
        return raised, []
    if expectation.type == "expect_table_columns_to_match_set":
        lacking = [name for name in kwargs["column_set"] if name not in frame.columns]
        return (f"没有 {'、'.join(lacking)} 列" if lacking else "列齐全"), []
    if "value_set" in kwargs and "_distinct_" in expectation.type:
        return _compare_sets(frame, expectation)
    if "unexpected_index_list" in result:
        compared = kwargs.get("column_B") or kwargs["column"]
        found = [
            _unexpected(frame, compared, each, outcome) for each in result["unexpected_index_list"]
        ]
        return f"{len(found)}/{result['element_count']} 个值不符", found
    observed = str(result.get("observed_value"))
    return (f"共 {observed} 行" if "row_count" in expectation.type else observed), []


def _named(expectation: Expectation) -> list[str]:
    keys = ("column", "column_A", "column_B")
    return [expectation.kwargs[key] for key in keys if key in expectation.kwargs]


def _unexpected(frame: Frame, column: str, found: Any, outcome: Any) -> Unexpected:
    """One unexpected value; a derived column shows the cell that it was made from."""
    shown = found.get(column)
    unit = found.get("unit_name") or found.get("metric_code")
    for key in ("indicator_code", "indicator_name"):
        if found.get(key) and key != column:
            unit = f"{unit}（{frame.titles.get(found[key], found[key])}）"
    row = found.get("row_no")
    row = None if row is None or row != row else int(row)
    cell = _cell(frame, column, found)
    return Unexpected(unit, row, _text(shown) if cell is None else cell)


def _cell(frame: Frame, column: str, found: Any) -> str | None:
    """The text of the cell behind a column, where the frame has it."""
    base = column
    for suffix in _SUFFIXES:
        base = base.removesuffix(suffix)
    identity = [name for name in _IDENTITY if name in frame.columns]
    for row in frame.rows:
        if all(row[name] == found.get(name) or row[name] is None for name in identity):
            text = row.get(f"{base}_text")
            return text if text is not None else (_text(row.get(base)) if base != column else None)
    return None


def _text(value: Any) -> str | None:
    if value is None or value != value:
        return None
    if isinstance(value, Decimal):
        return plain_figure(value)
    return str(value)


def _compare_sets(frame: Frame, expectation: Expectation) -> tuple[str, list[Unexpected]]:
    """Values of a set that are missing, and values that are not in it, each as a unit."""
    column, wanted = expectation.kwargs["column"], expectation.kwargs["value_set"]
    rows = {row[column]: row.get("row_no") for row in frame.rows if row[column] is not None}
    missing = [value for value in wanted if value not in rows]
    extra = (
        [value for value in rows if value not in wanted]
        if "to_contain" not in expectation.type
        else []
    )
    parts = [f"缺少 {'、'.join(missing)}"] if missing else []
    parts += [f"多出 {'、'.join(map(str, extra))}"] if extra else []
    return "；".join(parts) or f"{len(rows)} 个", [
        *(Unexpected(value, None, None) for value in missing),
        *(Unexpected(str(value), rows[value], str(value)) for value in extra),
    ]
