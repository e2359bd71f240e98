"""Whatever happens to a refresh, the published release stays whole: kills, readers, a full disk."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import BIN, REPEATS, Sandbox
from ywtb.project import Project
from ywtb.release.releases import publish

READER = """
import sys, time, duckdb
database, stop = sys.argv[1:]
seen = set()
while not __import__("pathlib").Path(stop).exists():
    with duckdb.connect(database, read_only=True) as connection:
        release, months = connection.execute(
            "select release_id, len(score_months) from audit.release_manifest"
        ).fetchone()
        cells = connection.execute("select count(*) from audit.annex_cells").fetchone()[0]
        again = connection.execute("select release_id from audit.release_manifest").fetchone()[0]
        assert again == release, (release, again)
        assert cells % months == 0 and cells > 2000, (cells, months)
        seen.add(release)
    time.sleep(0.02)  # three readers must not take every core from the refresh
print(len(seen))
"""


def test_what_is_published_is_no_longer_being_built(june_copy: Sandbox) -> None:
    """Else a refresh killed while it exports would leave its release to be cleared away."""
    project = Project(june_copy.root)
    current = june_copy.release()
    project.building.symlink_to(f"releases/{current}")
    publish(project, current)
    assert not project.building.is_symlink()


@pytest.mark.soak
def test_killed_at_any_moment(june_copy: Sandbox) -> None:
    """kill -9 leaves the published release whole, and the next refresh needs no help."""
    chance = random.Random(7)
    for _ in range(REPEATS or 3):
        before = june_copy.release()
        process = subprocess.Popen(
            [str(BIN / "ywtb"), "refresh"],
            cwd=june_copy.root,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(chance.uniform(0.2, 11))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert june_copy.release() in june_copy.status()["releases"]
        assert june_copy.rows(
            "select count(*) from audit.cell_reconciliation where is_reproduced"
        ) == [(2253,)]
        assert june_copy.status()["release_id"] >= before
    june_copy.refresh()
    assert not (june_copy.root / "warehouse" / "building").is_symlink()


@pytest.mark.soak
def test_readers_never_see_an_error_or_a_mixed_release(june_copy: Sandbox, tmp_path: Path) -> None:
    stop = tmp_path / "stop"
    database = str(june_copy.root / "warehouse" / "ywtb.duckdb")
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, database, str(stop)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    refreshes = REPEATS or 2
    for _ in range(refreshes):
        june_copy.refresh()
    stop.touch()
    for reader in readers:
        shown, errors = reader.communicate(timeout=60)
        assert reader.returncode == 0, errors
        assert int(shown) >= 2


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_full_disk_is_told_and_changes_nothing(june_copy: Sandbox) -> None:
    sandbox = june_copy
    before = sandbox.release()
    releases = sandbox.root / "warehouse" / "releases"
    aside = sandbox.root / "releases"
    releases.rename(aside)
    releases.mkdir()
    room = (aside / before / "ywtb.duckdb").stat().st_size + 1_000_000
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={room}", "tmpfs", str(releases)], check=False
    )
    if mounted.returncode != 0:
        pytest.skip("this machine does not allow mounting")
    try:
        shutil.copytree(aside / before, releases / before)
        done = sandbox.run("refresh")
        assert done.returncode == 1
        assert "No space left" in done.stderr or "磁盘" in done.stderr
        assert f"已发布的仍是 {before}" in done.stderr
        assert sandbox.rows("select count(*) from marts.fct_composite_scores") == [(49,)]
    finally:
        subprocess.run(["umount", str(releases)], check=True)
