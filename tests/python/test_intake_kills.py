"""An intake killed at any moment leaves the old month or the new one, and the next run succeeds."""

import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import REPEATS
from intake_months import (
    FOLDER,
    MONTH,
    copy_seeds,
    layout_of,
    random_month,
    tree_hash,
    write_csvs,
)
from ywtb import atomic_folder
from ywtb.intake import store
from ywtb.intake.ingest import Leave, ingest
from ywtb.lock import writer_lock
from ywtb.pipeline.seed_files import check_files
from ywtb.project import Project

KILLS = REPEATS or 2
"""Random kills of an intake, and a third of the kills before chosen changes of a file; a soak run
sets some dozens and so meets every change."""

EVENTS = ("os.rename", "os.mkdir", "os.remove", "os.rmdir", "shutil.rmtree", "open")

MANY = 1_000_000

Files = dict[str, bytes]


@pytest.fixture(params=["new month", "replaced month"])
def started(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Project, Path]:
    """A project, with or without an older version of a month, and the month to take in."""
    project = copy_seeds(tmp_path / "project")
    layout = layout_of(project)
    if request.param == "replaced month":
        older = write_csvs(tmp_path / "older", layout, random_month(layout, 1))
        assert ingest(project, [older], MONTH).is_written
    return project, write_csvs(tmp_path / "newer", layout, random_month(layout, 2))


def month_files(project: Project) -> Files:
    folder = store.month_folder(project, FOLDER)
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def in_child(work: Callable[[], object]) -> int:
    """Run `work` in a forked child; return its process id."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return child


def die_at(number: int, root: Path) -> list[int]:
    """Kill this process right before its `number`-th change of a file below `root`.

    Returns:
        How many changes are left until then, in a list that keeps up.
    """
    left = [number]

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in EVENTS or str(root) not in str(arguments[0]):
            return
        if event == "open" and not (isinstance(arguments[2], int) and arguments[2] & os.O_WRONLY):
            return
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    return left


def killed(project: Project, source: Path, folder: Path) -> Iterator[Project]:
    """Copies of the project whose intake was killed, each before another change of a file."""
    written = folder / "changes"
    root = folder / "counted"
    shutil.copytree(project.root, root)

    def count() -> None:
        left = die_at(MANY, root)
        ingest(Project(root), [source], MONTH, Leave(to_replace=True))
        written.write_text(str(MANY - left[0]))

    os.waitpid(in_child(count), 0)
    changes = int(written.read_text())
    assert changes > 40
    chosen = random.Random(changes).sample(range(1, changes + 1), min(changes, 3 * KILLS))
    for number in sorted(chosen):
        root = folder / f"step{number}"
        shutil.copytree(project.root, root)

        def work(root: Path = root, number: int = number) -> None:
            die_at(number, root)
            ingest(Project(root), [source], MONTH, Leave(to_replace=True))

        _, status = os.waitpid(in_child(work), 0)
        assert os.WIFSIGNALED(status)
        yield Project(root)


def assert_whole(project: Project, older: Files, newer: Files) -> None:
    """The month is one version or the other; a check tells of the rest, a writer finishes it."""
    assert month_files(project) in (older, newer)
    told = any(problem.file == ".intake" for problem in check_files(project))
    assert told == store.is_unfinished(project)
    store.recover(project)
    assert month_files(project) in (older, newer)
    assert check_files(project) == []
    assert not (project.root / ".intake").exists()


def expected_files(project: Project, source: Path, folder: Path) -> Files:
    other = copy_seeds(folder)
    assert ingest(other, [source], MONTH).is_written
    return month_files(other)


def finish(project: Project, source: Path, newer: Files) -> None:
    outcome = ingest(project, [source], MONTH, Leave(to_replace=True))
    assert outcome.problems == []
    assert month_files(project) == newer
    assert project.score_months() == ["2023_06", FOLDER]
    originals = list((project.root / "archive" / FOLDER / "originals").rglob("*.csv"))
    assert len({path.parent.name for path in originals}) == len(originals)


@pytest.mark.soak
def test_killed_before_a_change_of_a_file(started: tuple[Project, Path], tmp_path: Path) -> None:
    project, source = started
    older = month_files(project)
    newer = expected_files(project, source, tmp_path / "expected")
    for copied in killed(project, source, tmp_path):
        assert_whole(copied, older, newer)
        finish(copied, source, newer)


@pytest.mark.soak
def test_killed_at_random_moments(started: tuple[Project, Path], tmp_path: Path) -> None:
    project, source = started
    older = month_files(project)
    newer = expected_files(project, source, tmp_path / "expected")
    begun = time.perf_counter()
    os.waitpid(in_child(lambda: expected_files(project, source, tmp_path / "timed")), 0)
    longest = time.perf_counter() - begun
    chance = random.Random(2023)
    for number in range(KILLS):
        root = tmp_path / f"run{number}"
        shutil.copytree(project.root, root)
        copied = Project(root)
        child = in_child(lambda: ingest(copied, [source], MONTH, Leave(to_replace=True)))  # noqa: B023
        time.sleep(chance.uniform(0, longest))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        assert_whole(copied, older, newer)
        finish(copied, source, newer)


@pytest.mark.soak
def test_without_exchange_the_next_run_finishes(
    started: tuple[Project, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where folders cannot be exchanged, the month may be aside for a moment, but is not lost."""
    project, source = started
    older = month_files(project)
    newer = expected_files(project, source, tmp_path / "expected")
    monkeypatch.setattr(atomic_folder, "exchange", lambda one, other: False)
    for copied in killed(project, source, tmp_path):
        store.recover(copied)
        assert month_files(copied) in (older, newer)
        assert check_files(copied) == []


def test_a_failed_write_leaves_nothing(
    started: tuple[Project, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    project, source = started
    before = tree_hash(project.root)

    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(store, "_write", full)
    with pytest.raises(OSError, match="No space left"):
        ingest(project, [source], MONTH, Leave(to_replace=True))
    assert tree_hash(project.root) == before


def test_a_check_tells_of_what_is_unfinished_and_leaves_it(
    started: tuple[Project, Path],
) -> None:
    project, _ = started
    (project.root / ".intake" / "ready").mkdir(parents=True)
    before = tree_hash(project.root)
    with writer_lock(project, "refresh"):
        (problem,) = check_files(project)
    assert str(problem).startswith(".intake：有一次收取尚未写完")
    assert tree_hash(project.root) == before
