"""The main job: check, build into a new release, test it, publish it by moving one symlink.

Whatever goes wrong, or is killed, before the symlink moves leaves the published release as it was.
"""

import glob
import json
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from ywtb.assessment.problem import Failure, Problem
from ywtb.checksums import DamageError, seal
from ywtb.expectations import (
    ExpectationWorker,
    Result,
    SuiteError,
    WorkerError,
    failures,
    write_results,
)
from ywtb.exports import published_record
from ywtb.exports.release_month import final_months, read_month
from ywtb.intake.collection import provenance_file
from ywtb.intake.store import recover
from ywtb.lock import writer_lock
from ywtb.pipeline.dbt_build import Build
from ywtb.pipeline.draft_changes import write_draft_changes
from ywtb.pipeline.earlier_months import start_anew, start_from
from ywtb.pipeline.fingerprints import month_checksums, seed_checksums
from ywtb.pipeline.release_changes import write_release_changes
from ywtb.pipeline.seed_files import check_files
from ywtb.project import Project
from ywtb.release import queries, releases
from ywtb.release.queries import connect_read_only
from ywtb.release.records import Change, read_records
from ywtb.release.releases import DATABASE, prune, publish, published_release
from ywtb.release.replay import Scoring
from ywtb.release.robustness_tables import write_tables

Report = Callable[[str, int, int], None]
"""Called with a phase as it begins, with months done and months to do where it counts them."""


@dataclass(frozen=True)
class Revision:
    """Leave to change published months, and why."""

    months: tuple[str, ...]
    reason: str


@dataclass
class Outcome:
    """What a refresh did: the release that it published or that stands; else why it did not."""

    release: str
    is_published: bool = False
    is_current: bool = False
    problems: list[Problem] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    frozen_months: list[str] = field(default_factory=list)
    exports: list[Any] = field(default_factory=list)
    new_months: list[queries.Row] = field(default_factory=list)
    checked_months: list[str] = field(default_factory=list)
    month_count: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def is_refused(self) -> bool:
        """Whether anything stands in the way of publishing."""
        return bool(self.problems or self.failures or self.frozen_months)

    @property
    def warnings(self) -> list[str]:
        """What the expectations found that does not stand in the way, one line per value."""
        found = failures(self.results, "warn")
        return [str(problem) for result in found for problem in result.problems()]


def refresh(
    project: Project,
    report: Report,
    revision: Revision | None,
    keep: int,
    is_full: bool = False,
) -> Outcome:
    """Build the months that changed and publish the result if nothing stands in its way.

    Args:
        project: the checkout.
        report: called with each phase as it begins, and with months done of months to do.
        revision: published months that may change; without it none may.
        keep: how many releases stay on disk.
        is_full: whether every month is built, checked and compared again, changed or not.

    Raises:
        ywtb.lock.LockedError: another writer is at work.
    """
    with writer_lock(project, "refresh"), _run(project, report) as run:
        outcome = run.outcome
        reason = revision.reason if revision else None
        with run.storage_errors_refuse():
            folder = run.build(is_full)
            changed = {change.month for change in outcome.changes}
            outcome.frozen_months = sorted(changed.difference(revision.months if revision else ()))
            if folder is not None and not outcome.is_refused:
                with run.phase("publish"):
                    _seal(project, folder, run, reason)
                    publish(project, outcome.release)
                    outcome.is_published = True
        if outcome.is_published or outcome.is_current:
            prune(project, keep)
            with run.phase("export"):
                outcome.exports = _export(project, run.report)
    return outcome


def preview(project: Project, report: Report) -> Outcome:
    """Build aside and compare with the published release; publish nothing.

    Raises:
        ywtb.lock.LockedError: another writer is at work.
    """
    with (
        writer_lock(project, "preview"),
        _run(project, report) as run,
        run.storage_errors_refuse(),
    ):
        folder = run.build()
        if folder is not None:
            published = {month for month, _ in read_records(project)}
            with connect_read_only(folder / DATABASE) as release:
                run.outcome.new_months = [
                    {**summary, "ranking": queries.ranking(release, month, summary["city_code"])}
                    for month in queries.months(release)
                    if month not in published
                    for summary in queries.summaries(release, month)
                ]
    return run.outcome


@dataclass(frozen=True)
class _Published:
    """What the published release says of itself; nothing where it is not whole.

    Attributes:
        database: its file.
        inputs: what each of its months follows from, by month such as `2023_06`.
        seeds: checksum and size of the seeds that it was built from, by path.
        settled: months and cities of which it has what is on record.
    """

    database: Path | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    seeds: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    settled: Set[tuple[str, str]] = frozenset()


class _Run:
    """One build in its release folder, its phases timed and logged."""

    def __init__(self, project: Project, report: Report, log: Path) -> None:
        self.project = project
        self.outcome = Outcome(release=log.stem)
        self.test_count = 0
        self.scoring = Scoring([], [])
        self.inputs: dict[str, str] = {}
        self.seeds: dict[str, tuple[str, int]] = {}
        self.report = report
        self._log = log

    def build(self, is_full: bool = False) -> Path | None:
        """Check, build, test and compare; return the release's folder if it could be built.

        Nothing is built where nothing changed. Months before the first that changed are those of
        the published release. Expectations are checked in a second process, which gets ready while
        dbt builds. Where dbt found something, such as problems of the input, they would only say
        it again.
        """
        project, outcome = self.project, self.outcome
        with self.phase("check"):
            recover(project)
            outcome.problems = check_files(project)
            if not outcome.problems:
                self.inputs, self.seeds = month_checksums(project), seed_checksums(project)
                outcome.month_count = len(self.inputs)
        if outcome.problems:
            return None
        published = self._published()
        if not is_full and self._is_current(published):
            outcome.release, outcome.is_current = published_release(project) or "", True
            return None
        folder = project.releases / outcome.release
        project.building.symlink_to(folder.relative_to(project.warehouse))
        folder.mkdir(parents=True)
        with self.phase("start"):
            seeds = self._start(_Published() if is_full else published, folder / DATABASE)
        with ExpectationWorker(project) as worker:
            found = self._dbt(seeds)
            if not found:
                worker.ask(folder / DATABASE, outcome.checked_months)
                with self.phase("compare"):
                    outcome.changes = self._changes(folder / DATABASE, published)
                with self.phase("expectations"):
                    outcome.results = worker.answer()
        self._refuse(found)
        outcome.problems += self._changed_meanwhile()
        return None if found else folder

    def _changes(self, candidate: Path, published: _Published) -> list[Change]:
        """What the candidate would change of what is on record."""
        same = {
            month.replace("_", "-") for month in self.inputs.keys() - self.outcome.checked_months
        }
        settled = {key for key in published.settled if key[0] in same}
        return published_changes(self.project, candidate, settled)

    def _is_current(self, published: _Published) -> bool:
        """Whether the published release is what would be built."""
        return (published.inputs, published.seeds, published.settled) == (
            self.inputs,
            self.seeds,
            read_records(self.project).keys(),
        )

    def _start(self, published: _Published, database: Path) -> list[str] | None:
        """Make the database that dbt builds in; return the seeds to load, None for all."""
        months = sorted({*self.inputs, *published.inputs})
        changed = [each for each in months if self.inputs.get(each) != published.inputs.get(each)]
        first = min(changed, default=None)
        if published.database is None or (first is not None and first <= min(self.inputs)):
            self.outcome.checked_months = list(self.inputs)
            start_anew(database)
            return None
        self.outcome.checked_months = [each for each in changed if each in self.inputs]
        start_from(self.project, published.database, database, first)
        return [
            path.stem
            for name, seed in self.seeds.items()
            for path in [Path(name)]
            if published.seeds.get(name) != seed or path.parent.name in changed
        ]

    def _published(self) -> _Published:
        """The published release, if it is whole.

        Raises:
            DamageError: the record of a published month is gone or an older one.
        """
        project = self.project
        try:
            database = releases.published_database(project)
        except releases.NotPublishedError:
            return _Published()
        except DamageError as error:
            found = error.damage
            self.report(f"{found.file} {found.problem}；现由种子和发布记录重新建库", 0, 0)
            self.log("damage", found=str(found))
            for earlier in reversed(releases.complete_releases(project)):
                if not releases.release_damage(project, earlier, ""):
                    published_record.stop_if_lost(project, project.releases / earlier / DATABASE)
                    break
            return _Published()
        published_record.stop_if_lost(project, database)
        with connect_read_only(database) as release:
            return _Published(
                database,
                releases.month_checksums(release),
                releases.seed_checksums(release),
                published_record.as_sealed(project, release),
            )

    def _changed_meanwhile(self) -> list[Problem]:
        """What was changed while it was being built from, so that nobody can say what is in it."""
        now = seed_checksums(self.project)
        names = sorted({name for name, _ in now.items() ^ self.seeds.items()})
        if not names and month_checksums(self.project) != self.inputs:
            names = ["models"]
        expected = "建库期间不改动文件；存好之后再次运行 ywtb refresh"
        return [Problem(name, None, None, "建库期间有改动", expected) for name in names]

    def _dbt(self, seeds: list[str] | None) -> list[Failure]:
        with self.phase("start dbt"):
            build = Build(self.project)
        with self.phase("parse"):
            found = build.parse()
        if not found:
            with self.phase("build and test"):
                raw, built = self.project.seeds / "raw", self.project.score_months()
                collecting = [each for each in raw.iterdir() if each.name not in built]
                found = build.run(
                    seeds, (f"path:{each.relative_to(self.project.root)}" for each in collecting)
                )
            self.test_count, self.scoring = build.test_count, build.scoring()
        return found

    def _refuse(self, found: list[Failure]) -> None:
        """Sort what was found into problems of the input and failures of the project."""
        outcome, cities = self.outcome, _city_names(self.project)
        outcome.problems = [
            problem for result in failures(outcome.results, "stop") for problem in result.problems()
        ]
        for each in found:
            problems = each.problems(cities)
            outcome.problems += problems
            outcome.failures += [] if problems else [each]

    @contextmanager
    def storage_errors_refuse(self) -> Iterator[None]:
        """Turn a disk or database that cannot be written into a reason not to publish."""
        try:
            yield
        except (OSError, duckdb.Error) as error:
            self.outcome.failures.append(Failure("写入", f"磁盘或数据库不可写：{error}"))
        except (SuiteError, WorkerError) as error:
            self.outcome.failures.append(Failure("expectations", str(error)))
        except DamageError as error:
            self.outcome.failures.append(Failure("文件", str(error)))

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Report, time and log a phase."""
        self.report(name, 0, 0)
        self.log("begin", phase=name)
        begun = time.perf_counter()
        yield
        self.outcome.seconds[name] = time.perf_counter() - begun
        self.log("end", phase=name, seconds=round(self.outcome.seconds[name], 3))

    def log(self, event: str, **details: Any) -> None:
        """Add a line to the run's log."""
        line = {"time": datetime.now(UTC).isoformat(), "event": event, **details}
        with self._log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")


def published_changes(
    project: Project, candidate: Path, unchanged: Set[tuple[str, str]] = frozenset()
) -> list[Change]:
    """What a candidate's database would change of what was ever published.

    Args:
        project: the checkout, with the records of what was published.
        candidate: the database.
        unchanged: months and cities that follow from the same in the published release, which has
            what is on record.

    Raises:
        DamageError: a record cannot be read.
    """
    records = {key: each for key, each in read_records(project).items() if key not in unchanged}
    if not records:
        return []
    with connect_read_only(candidate) as connection:
        there = set(final_months(connection))
        return [
            change
            for key, record in records.items()
            for change in published_record.changes(
                record, read_month(connection, *key) if key in there else None
            )
        ]


@contextmanager
def _run(project: Project, report: Report) -> Iterator[_Run]:
    """A run with its log file; what it leaves unpublished, or an earlier one left, is removed."""
    logs = project.root / "logs" / "refresh"
    logs.mkdir(parents=True, exist_ok=True)
    release = releases.new_id(project.releases)
    run = _Run(project, report, logs / f"{release}.jsonl")
    _discard_unpublished(project)
    try:
        yield run
    finally:
        _discard_unpublished(project)
        outcome = run.outcome
        run.log(
            "outcome",
            release=outcome.release,
            is_published=outcome.is_published,
            published_release=published_release(project),
            checked_months=outcome.checked_months,
            problems=[str(problem) for problem in outcome.problems],
            failures=[vars(failure) for failure in outcome.failures],
            warnings=outcome.warnings,
            changes=[str(change) for change in outcome.changes],
            exports=[export.as_dict() for export in outcome.exports],
        )


def _export(project: Project, report: Report) -> list[Any]:
    """Write the exports of the months that the release changes."""
    from ywtb.exports.month_folder import export_months

    return export_months(project, report=report)


def _seal(project: Project, folder: Path, run: _Run, reason: str | None) -> None:
    """Write into the release what was checked, corrected and made from what; close and record it.

    A record is written before the release is published: one that dies in between publishes the
    same the next time, and nothing is published that is not on record.
    """
    outcome, database = run.outcome, folder / DATABASE
    write_results(database, outcome.results)
    with duckdb.connect(str(database)) as connection:
        run.scoring.write(connection)
        connection.execute("checkpoint")
    write_tables(database, (month.replace("_", "-") for month in outcome.checked_months))
    with duckdb.connect(str(database)) as connection:
        _write_cell_sources(project, connection, outcome.checked_months)
        with suppress(releases.NotPublishedError, DamageError):
            published = releases.published_database(project)
            write_draft_changes(project, connection, published, outcome.release)
            write_release_changes(connection, published, outcome.release)
        releases.write_manifest(
            project,
            connection,
            outcome.release,
            run.test_count,
            run.inputs,
            month_checksums(project, is_of_figures=True),
            run.seeds,
        )
        connection.execute("checkpoint")
    records = read_records(project)
    corrected = {(change.month, change.city_code) for change in outcome.changes}
    with connect_read_only(database) as connection:
        months = [
            read_month(connection, *key)
            for key in final_months(connection)
            if key in corrected or key not in records
        ]
    published_record.publish(project, months, outcome.changes, outcome.release, reason)
    with duckdb.connect(str(database)) as connection:
        published_record.write_history(project, connection)
        connection.execute("checkpoint")
    seal(folder, {"release": outcome.release})


def _write_cell_sources(
    project: Project, connection: duckdb.DuckDBPyConnection, months: Iterable[str]
) -> None:
    """Fill `audit.cell_sources` for months, as far as their files are as they were taken in."""
    for month in months:
        if path := provenance_file(project, month):
            connection.execute(
                """
                insert into audit.cell_sources by name
                select
                    cells.score_month,
                    sources.city_code,
                    cells.feed_code,
                    sources.row_key,
                    sources.column_name,
                    sources.value as cell_value,
                    sources.seen_value,
                    sources.source_file,
                    sources.source_sha256,
                    sources.source_sheet,
                    sources.source_column || sources.source_row as source_cell,
                    sources.taken_in_at
                from read_csv($path, all_varchar = true, header = true, quote = '"') as sources
                inner join staging.stg_bulletin__cells as cells
                    on sources.seed_file = cells.source_file
                    and sources.city_code = coalesce(cells.city_code, sources.city_code)
                    and sources.row_key = cells.row_key
                    and sources.column_name = cells.column_name
                    and sources.value = cells.printed_value
                order by all
                """,
                {"path": glob.escape(str(path))},
            )


def _city_names(project: Project) -> dict[str, str]:
    """Names of the cities by code, where there are several."""
    cities = project.reference("cities")
    return {row["city_code"]: row["city_name"] for row in cities} if len(cities) > 1 else {}


def _discard_unpublished(project: Project) -> None:
    """Remove the release that the building link points to, unless it is the published one."""
    if project.building.is_dir() and not project.building.is_symlink():
        shutil.rmtree(project.building)  # as after a copy that followed the link
    if project.building.is_symlink():
        folder = project.building.resolve()
        if folder.parent == project.releases.resolve() and folder.name != published_release(
            project
        ):
            shutil.rmtree(folder, ignore_errors=True)
        project.building.unlink()
