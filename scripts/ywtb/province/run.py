"""Drives a province's run: what changed, its batches on Dask's workers, the second step."""

import json
import logging
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ywtb.assessment.problem import Failure
from ywtb.lock import folder_lock
from ywtb.project import Project
from ywtb.province import cities
from ywtb.province.plan import Plan, make_plan

CITY_MONTHS = 240
"""Months of cities in a batch: memory of a worker grows with these and not with the province."""

SURVEYED = 50
"""Cities that a worker looks at in one go."""

RETRIES = 3
"""How often a batch is tried again whose worker died."""

WORKER_MEMORY = "3GB"
PROVINCE_STATE = "province.json"


class SourceError(Exception):
    """There is nothing to build in a source; the message says what is wrong, in Chinese."""


class SchedulerError(Exception):
    """A scheduler that does not answer; the message says which, in Chinese."""


@dataclass(frozen=True)
class Source:
    """A province's files.

    Attributes:
        files: folder of city_code=…/score_month=…/<feed>.parquet.
        seeds: folder like `seeds/`, whose files take the place of the project's.
        cities: codes.
        months: first days of months of which some city has files, oldest first.
    """

    files: Path
    seeds: Path | None
    cities: list[str]
    months: list[str]

    @classmethod
    def find(cls, folder: Path) -> "Source":
        """The files in a folder, or in `raw` in it beside `seeds`.

        Raises:
            SourceError: there are none, or a folder's name is not one.
        """
        files = folder / "raw" if (folder / "raw").is_dir() else folder
        found = sorted(files.glob("city_code=*/score_month=*"))
        names = [(path.parent.name[10:], path.name[12:], path) for path in found if path.is_dir()]
        if not names:
            raise SourceError(f"{folder} 中没有 city_code=…/score_month=… 文件夹")
        for code, month, path in names:
            if not re.fullmatch(r"[0-9A-Za-z_-]+", code):
                raise SourceError(f"{path}：城市代码只含字母、数字")
            if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])-01", month):
                raise SourceError(f"{path}：月份应形如 score_month=2023-06-01")
        seeds = folder / "seeds"
        return cls(
            files.resolve(),
            seeds.resolve() if seeds.is_dir() else None,
            sorted({code for code, _, _ in names}),
            sorted({month for _, month, _ in names}),
        )


@dataclass
class Outcome:
    """What came of a run.

    Attributes:
        city_count: cities in the source.
        names: of cities, by code.
        dashboard: address of the engine's own page.
        built: months built by city.
        refused: why, by city.
        removed: cities that are no longer in the source.
        counted: months of the province that were counted anew.
        failures: what failed over all cities.
        seconds: by phase.
    """

    city_count: int = 0
    names: dict[str, str] = field(default_factory=dict)
    dashboard: str = ""
    built: dict[str, list[str]] = field(default_factory=dict)
    refused: dict[str, list[Failure]] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    counted: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


def run(
    project: Project,
    folder: Path,
    out: Path,
    scheduler: str | None,
    workers: int,
    report: Callable[[str, int, int], None],
) -> Outcome:
    """Build what changed of a province.

    Args:
        project: the checkout, with rules and models.
        folder: of the source.
        out: folder of the results; every worker must be able to read both and write this one.
        scheduler: address of Dask's, or None to start one here.
        workers: how many to start here.
        report: called with the phase, and cities done of cities to do.

    Raises:
        SourceError: there is nothing to build.
        PlanError: rules or seeds are refused.
        SchedulerError: nobody answers at the address.
        LockedError: another run has the folder of the results.
    """
    source = Source.find(folder)
    out = out.resolve()
    outcome = Outcome(len(source.cities))
    with folder_lock(out, "province"):
        with _phase(outcome, "compile", report):
            plan = make_plan(project, source.files, source.seeds, out, source.months)
        outcome.names = plan.cities
        with ExitStack() as stack:
            with _phase(outcome, "start workers", report):
                client = stack.enter_context(_client(scheduler, workers))
            outcome.dashboard = client.dashboard_link
            report(f"Dask {outcome.dashboard}", 0, 0)
            with _phase(outcome, "survey", report):
                changed = _survey(client, plan, source)
            with _phase(outcome, "build", report):
                _build(client, plan, changed, outcome, report)
            with _phase(outcome, "count", report):
                _remove_gone(plan, source, outcome)
                _count(client, plan, source, outcome)
    return outcome


@contextmanager
def _client(scheduler: str | None, workers: int) -> Iterator[Any]:
    """A client of a scheduler, or of one that is started here and ends with it."""
    from distributed import Client, LocalCluster

    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with ExitStack() as stack:
        try:
            cluster = scheduler or stack.enter_context(
                LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    memory_limit=WORKER_MEMORY,
                    dashboard_address="127.0.0.1:0",
                    silence_logs=logging.CRITICAL,
                )
            )
            client = stack.enter_context(Client(cluster, timeout=30))
        except (OSError, RuntimeError, ValueError) as error:
            raise SchedulerError(f"{scheduler} 没有 Dask 调度器应答：{error}") from error
        yield client


def _survey(client: Any, plan: Plan, source: Source) -> list[cities.City]:
    """Cities of which something changed."""
    batches = [
        source.cities[start : start + SURVEYED] for start in range(0, len(source.cities), SURVEYED)
    ]
    path = str(plan.path)
    futures = client.map(cities.survey, [path] * len(batches), batches, retries=RETRIES, pure=False)
    return [city for found in client.gather(futures) for city in found if city.first is not None]


def _batches(changed: Sequence[cities.City]) -> Iterator[list[cities.City]]:
    """Cities with the same months to build, so many that a worker's memory holds them."""
    alike: dict[tuple[str, ...], list[cities.City]] = {}
    for city in changed:
        months = tuple(month for month in city.months if month >= (city.first or ""))
        alike.setdefault(months, []).append(city)
    for months, group in alike.items():
        size = max(1, CITY_MONTHS // max(1, len(months)))
        for start in range(0, len(group), size):
            yield group[start : start + size]


def _build(
    client: Any,
    plan: Plan,
    changed: Sequence[cities.City],
    outcome: Outcome,
    report: Callable[[str, int, int], None],
) -> None:
    from distributed import as_completed

    batches = list(_batches(changed))
    path = str(plan.path)
    futures = client.map(cities.build, [path] * len(batches), batches, retries=RETRIES, pure=False)
    of_future = dict(zip(futures, batches, strict=True))
    done = 0
    report("build", done, len(changed))
    for future in as_completed(futures):
        if future.status == "finished":
            found = future.result()
        else:
            failure = Failure("worker", f"运行中断 {RETRIES + 1} 次：{future.exception()}")
            found = [cities.Built(city.code, [], [failure]) for city in of_future[future]]
        for built in found:
            if built.failures:
                outcome.refused[built.code] = built.failures
            else:
                outcome.built[built.code] = built.months
        done += len(found)
        report("build", done, len(changed))


def _remove_gone(plan: Plan, source: Source, outcome: Outcome) -> None:
    for path in sorted((Path(plan.out) / cities.STATE).glob("*.json")):
        if path.name != PROVINCE_STATE and path.stem not in source.cities:
            cities.remove(Path(plan.out), path.stem)
            outcome.removed.append(path.stem)


def _count(client: Any, plan: Plan, source: Source, outcome: Outcome) -> None:
    """Count the months of the province of which any city's results changed."""
    out = Path(plan.out)
    cities.write_rows_without_city(plan)
    state = out / cities.STATE / PROVINCE_STATE
    try:
        known = json.loads(state.read_bytes())
    except (FileNotFoundError, ValueError):
        known = {}
    built = {code: cities.built_months(out, code) for code in source.cities}
    follows_from: dict[str, list[str]] = {}
    for code, months in built.items():
        for month, entry in months.items():
            follows_from.setdefault(month, []).append(f"{code} {entry['fingerprint']}")
    sql = [model.sql for model in plan.province_models]
    now = {month: cities.checksum([*sql, *each]) for month, each in follows_from.items()}
    for model in plan.province_models:
        cities.keep_months(out, model.table, now)
    changed = sorted(month for month, checksum in now.items() if known.get(month) != checksum)
    path = str(plan.path)
    futures = client.map(
        cities.count_province, [path] * len(changed), changed, retries=RETRIES, pure=False
    )
    for month, failures in zip(changed, client.gather(futures), strict=True):
        if failures:
            outcome.failures += failures
            now.pop(month)
        else:
            outcome.counted.append(month)
    cities.write_state(plan, state, now)


@contextmanager
def _phase(outcome: Outcome, name: str, report: Callable[[str, int, int], None]) -> Iterator[None]:
    report(name, 0, 0)
    begun = time.perf_counter()
    yield
    outcome.seconds[name] = round(time.perf_counter() - begun, 2)
