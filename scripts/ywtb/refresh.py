"""The main job: check, build into a new release, test it, publish it by moving one symlink."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ywtb.checks import Problem, check_files
from ywtb.dbt_build import Build, Failure
from ywtb.intake.store import recover
from ywtb.lock import LockedError, hold
from ywtb.project import Project

DATABASE = "ywtb.duckdb"

__all__ = ["LockedError", "Refresh", "published_release", "refresh"]

INPUT_TEST = "input_problems__none"
"""The dbt test whose rows are problems of the input rather than of the project."""


@dataclass
class Refresh:
    """What a refresh did: the release if it was published, else why not."""

    release: str
    is_published: bool = False
    problems: list[Problem] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


def refresh(project: Project, report: Callable[[str], None]) -> Refresh:
    """Build every month of the seeds and publish the result if every check and test passes.

    Whatever goes wrong before the symlink moves leaves the published release as it was.

    Args:
        project: the checkout.
        report: called with the name of each phase as it begins.

    Raises:
        LockedError: another refresh is under way.
    """
    with hold(project):
        recover(project)
        outcome = Refresh(release=datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ"))
        folder = project.releases / outcome.release
        with _phase("check", outcome, report):
            outcome.problems = check_files(project)
        if not outcome.problems:
            _discard_unfinished(project)
            folder.mkdir(parents=True)
            project.building.symlink_to(folder.relative_to(project.warehouse))
            failures = _build(project, outcome, report)
            outcome.problems = [
                _problem(row) for each in failures if each.name == INPUT_TEST for row in each.rows
            ]
            outcome.failures = [each for each in failures if each.name != INPUT_TEST]
            if not failures:
                with _phase("publish", outcome, report):
                    _publish(project, folder)
                outcome.is_published = True
            _discard_unfinished(project)
        return outcome


def _build(project: Project, outcome: Refresh, report: Callable[[str], None]) -> list[Failure]:
    with _phase("start dbt", outcome, report):
        build = Build(project)
    with _phase("parse", outcome, report):
        failures = build.parse()
    if not failures:
        with _phase("build and test", outcome, report):
            failures = build.run()
    return failures


def _problem(row: dict[str, Any]) -> Problem:
    """A row of `audit.input_problems`."""
    is_raw = row["source_file"].startswith("raw_")
    folder = f"raw/{row['score_month']:%Y_%m}" if is_raw else "errata"
    return Problem(
        file=f"seeds/{folder}/{row['source_file']}",
        row=row["row_no"],
        column=row["column_name"],
        seen="空白" if row["seen_value"] is None else f"“{row['seen_value']}”",
        expected=row["expected"],
        unit=row["unit_name"],
    )


def published_release(project: Project) -> str | None:
    """Id of the published release, or None before the first."""
    return project.published.resolve().parent.name if project.published.is_symlink() else None


def _publish(project: Project, folder: Path) -> None:
    database = folder / DATABASE
    if database.with_name(f"{DATABASE}.wal").exists():
        raise RuntimeError(f"{database} still has a write-ahead log")
    link = project.warehouse / f".{DATABASE}.new"
    link.unlink(missing_ok=True)
    link.symlink_to(database.relative_to(project.warehouse))
    link.replace(project.published)


def _discard_unfinished(project: Project) -> None:
    """Remove the release that the building link points to, unless it was published."""
    if project.building.is_symlink():
        folder = project.building.resolve()
        if folder.name != published_release(project):
            shutil.rmtree(folder, ignore_errors=True)
        project.building.unlink()


@contextmanager
def _phase(name: str, outcome: Refresh, report: Callable[[str], None]) -> Iterator[None]:
    report(name)
    begun = time.perf_counter()
    yield
    outcome.seconds[name] = time.perf_counter() - begun
