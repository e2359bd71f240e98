"""Whatever happens to a refresh, the published release stays whole: kills, readers, a full disk."""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import BIN, REPEATS, Sandbox, copy_of
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


def revision(sandbox: Sandbox, turn: int) -> list[str]:
    """A correction of August, which starts from the published release; all anew every third time.

    Returns:
        The arguments of the refresh.
    """
    raw = sandbox.raw("service_items", "2023_08")
    text = raw.read_text(encoding="utf-8")
    raw.write_text(re.sub(r"渠县,0,0,0,\d+", f"渠县,0,0,0,{turn + 3}", text), encoding="utf-8")
    whole = ["--full"] if turn % 3 == 2 else []
    return ["refresh", "--revise", "2023-08", "--reason", f"第 {turn} 次", *whole]


@pytest.mark.soak
def test_killed_at_any_moment(three_months: Sandbox, tmp_path: Path) -> None:
    """kill -9 leaves the published release whole, and the next refresh needs no help."""
    sandbox, chance = copy_of(three_months, tmp_path), random.Random(7)
    for turn in range(REPEATS or 3):
        before = sandbox.release()
        process = subprocess.Popen(
            [str(BIN / "ywtb"), *revision(sandbox, turn)],
            cwd=sandbox.root,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(chance.choice([chance.uniform(0.2, 1), chance.uniform(0.2, 14)]))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert sandbox.release() in sandbox.status()["releases"]
        assert sandbox.rows(
            "select count(*) from audit.cell_reconciliation where is_reproduced"
        ) == [(2253,)]
        assert sandbox.status()["release_id"] >= before
    done = sandbox.run(*revision(sandbox, 0))
    assert done.returncode == 0, done.stderr
    assert not (sandbox.root / "warehouse" / "building").is_symlink()
    done = sandbox.run("verify")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.soak
def test_readers_never_see_an_error_or_a_mixed_release(
    three_months: Sandbox, tmp_path: Path
) -> None:
    sandbox, stop = copy_of(three_months, tmp_path / "copy"), tmp_path / "stop"
    database = str(sandbox.root / "warehouse" / "ywtb.duckdb")
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, database, str(stop)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for turn in range(REPEATS or 2):
        done = sandbox.run(*revision(sandbox, turn))
        assert done.returncode == 0, done.stderr
    stop.touch()
    for reader in readers:
        shown, errors = reader.communicate(timeout=60)
        assert reader.returncode == 0, errors
        assert int(shown) >= 2


@pytest.mark.soak
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
        sandbox.append("reference/annex_notes", "11,9,以后的备注,2030-01-01,")
        for whole in ([], ["--full"]):  # while the published release is copied, and while it builds
            done = sandbox.run("refresh", *whole)
            assert done.returncode == 1
            assert "No space left" in done.stderr or "磁盘" in done.stderr
            assert f"已发布的仍是 {before}" in done.stderr
            assert sandbox.rows("select count(*) from marts.fct_composite_scores") == [(49,)]
    finally:
        subprocess.run(["umount", str(releases)], check=True)
