"""What was published is found as it was left, or that is told in a line; a refresh mends it."""

import json
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from conftest import Sandbox, copy_of, edit
from ywtb.assessment.problem import Failure
from ywtb.checksums import DamageError
from ywtb.exports import month_folder
from ywtb.intake.store import recover
from ywtb.lock import LockedError, writer_lock
from ywtb.pipeline import refresh as job
from ywtb.pipeline.dbt_build import Build
from ywtb.pipeline.fingerprints import seed_checksums
from ywtb.project import Project, SettingsError
from ywtb.release.records import read_records, write_record
from ywtb.release.releases import ids, new_id, published_database

RECORD = "published/2023-06.json"
EXPORTED = "exports/2023-06/data/csv/fct_composite_scores.csv"
FUTURE = "20990101T000000000000Z"


def write(path: Path, content: bytes) -> None:
    """Write a file that is read-only, as whoever insists does."""
    path.chmod(0o644)
    path.write_bytes(content)


def update(database: Path) -> None:
    database.chmod(0o644)
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "update marts.fct_composite_scores set composite_score = 99 where unit_name = '渠县'"
        )


def flip_a_bit(database: Path) -> None:
    content = bytearray(database.read_bytes())
    content[len(content) // 2] ^= 1
    write(database, bytes(content))


def replace_link(database: Path) -> None:
    link = database.parents[2] / database.name
    link.unlink()
    shutil.copyfile(database, link)


DAMAGES: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "updated": (update, "ywtb.duckdb", "校验和不符"),
    "flipped": (flip_a_bit, "ywtb.duckdb", "校验和不符"),
    "cut short": (lambda db: write(db, db.read_bytes()[:100_000]), "ywtb.duckdb", "校验和不符"),
    "emptied": (lambda db: write(db, b""), "ywtb.duckdb", "校验和不符"),
    "log beside it": (
        lambda db: db.with_name(f"{db.name}.wal").write_bytes(b"half"),
        "ywtb.duckdb.wal",
        "别的程序",
    ),
    "no manifest": (lambda db: db.with_name("manifest.json").unlink(), "manifest.json", "不存在"),
    "link a file": (replace_link, "warehouse/ywtb.duckdb", "应为指向一次发布的链接"),
    "link dangling": (lambda db: shutil.rmtree(db.parent), "warehouse/ywtb.duckdb", "已不存在"),
    "link gone": (lambda db: (db.parents[2] / db.name).unlink(), "warehouse/ywtb.duckdb", "不存在"),
}
"""What may befall the published database: how, the file that is told of, what is told."""

READERS = (
    ("status",),
    ("query", "select 1"),
    ("explain", "渠县"),
    ("export",),
    ("verify",),
)


@pytest.mark.parametrize(("befall", "file", "told"), DAMAGES.values(), ids=DAMAGES)
def test_a_release_that_is_not_as_published_is_told_and_not_read(
    june_copy: Sandbox, befall: Callable[[Path], object], file: str, told: str
) -> None:
    befall((june_copy.root / june_copy.database).resolve())
    for arguments in READERS if befall is update else READERS[:1]:
        done = june_copy.run(*arguments)
        assert done.returncode == 1
        (line,) = done.stderr.splitlines()
        assert file in line
        assert told in line
        assert "ywtb refresh" in line


def test_a_checksum_is_taken_again_where_a_file_was_touched(
    june_copy: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project(june_copy.root)
    database = published_database(project)
    with monkeypatch.context() as patch:
        patch.setattr("ywtb.release.releases.changed_files", lambda manifest: pytest.fail("again"))
        assert published_database(project) == database
    before = database.stat()
    flip_a_bit(database)
    os.utime(database, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(DamageError, match="校验和不符"):
        published_database(project)
    with pytest.raises(DamageError, match="校验和不符"):
        published_database(project)


def test_what_is_published_is_whole_and_read_only(three_months: Sandbox) -> None:
    done = three_months.run("verify")
    assert (done.returncode, done.stderr) == (0, "")
    root = three_months.root
    release = root / "warehouse" / "releases" / three_months.release()
    for folder in (release, root / "exports" / "2023-06"):
        modes = {path.stat().st_mode & 0o222 for path in folder.rglob("*") if path.is_file()}
        assert modes == {0}
    assert three_months.rows("select * from audit.release_seeds order by all") == [
        (path, *seed) for path, seed in sorted(seed_checksums(Project(root)).items())
    ]


def test_verify_tells_every_file_and_what_to_do(three_months: Sandbox, tmp_path: Path) -> None:
    sandbox = copy_of(three_months, tmp_path)
    older = ids(sandbox.root / "warehouse" / "releases")[0]
    write(sandbox.root / "warehouse" / "releases" / older / "ywtb.duckdb", b"")
    write(sandbox.root / EXPORTED, b"unit_name,composite_score\n")
    (sandbox.root / "exports" / "2023-07" / "manifest.json").unlink()
    shutil.rmtree(sandbox.root / "exports" / "2023-08")
    edit(
        sandbox.root / "published" / "2023-08.json", '"event": "published"', '"event": "corrected"'
    )
    done = sandbox.run("verify", "--json")
    assert done.returncode == 1
    answer = json.loads(done.stdout)
    problems = {each["file"]: each for each in answer["problems"]}
    assert list(problems) == [
        f"warehouse/releases/{older}/ywtb.duckdb",
        "published/2023-08.json",
        EXPORTED,
        "exports/2023-07/manifest.json",
        "exports/2023-08/manifest.json",
    ]
    assert all(each["problem"] and each["remedy"] for each in problems.values())
    assert answer["lines"] == [
        "{file} {problem}；{remedy}".format(**each) for each in problems.values()
    ]


def rewrite(record: Path, change: Callable[[Any], object]) -> None:
    """Change a record together with its checksum."""
    ((_, found),) = read_records(Project(record.parents[1])).items()
    change(found.content)
    write_record(found)


def test_a_record_replaced_with_its_checksum_is_not_what_is_published(june_copy: Sandbox) -> None:
    record = june_copy.root / RECORD
    rewrite(record, lambda content: content["附件3"]["渠县"].update(综合得分="99.00"))
    done = june_copy.run("verify")
    assert done.returncode == 1
    assert "published/2023-06.json 与已发布的数据库有 1 处不同" in done.stderr
    assert "渠县 综合得分：99.00 → 90.36" in done.stderr
    record.unlink()
    for command in ("verify", "refresh"):
        done = june_copy.run(command)
        assert done.returncode == 1
        assert "published/2023-06.json 不存在，而该月已发布；请从版本库恢复该文件" in done.stderr


MANIFESTS = (
    b"",
    b"{}",
    b"[]",
    b"null",
    b"\xff\x00\xfe",
    b"[" * 100_000,
    b'{"files": []}',
    b'{"files": {"a": 1}}',
    b'{"files": {"a\\u0000b": "c"}}',
)


@pytest.fixture
def exported(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Months whose exports would be made anew, where there is no LibreOffice to make more."""
    monkeypatch.setenv("PATH", "")
    done: list[str] = []

    def write(months: Sequence[tuple[month_folder.Export, object]], *others: object) -> None:
        done.extend(export.month for export, _ in months)

    monkeypatch.setattr(month_folder, "_write", write)
    return done


def test_exports_that_are_not_as_written_are_made_anew(
    june_copy: Sandbox, exported: list[str]
) -> None:
    project = Project(june_copy.root)
    month_folder.export_months(project)
    assert exported == []
    manifest = june_copy.root / "exports" / "2023-06" / "manifest.json"
    whole = manifest.read_bytes()
    for content in (*MANIFESTS, whole[:1000]):
        write(manifest, content)
        month_folder.export_months(project)
    assert exported == ["2023-06"] * (len(MANIFESTS) + 1)
    exported.clear()
    write(manifest, whole)
    month_folder.export_months(project)
    assert exported == []
    write(june_copy.root / EXPORTED, b"unit_name,composite_score\n")
    month_folder.export_months(project)
    assert exported == ["2023-06"]


def test_a_rollback_gets_out_where_what_was_published_is_gone(
    three_months: Sandbox, tmp_path: Path
) -> None:
    sandbox = copy_of(three_months, tmp_path)
    older, newest = ids(sandbox.root / "warehouse" / "releases")
    shutil.rmtree(sandbox.root / "warehouse" / "releases" / newest)
    assert f"ywtb rollback {older}" in sandbox.run("status").stderr
    done = sandbox.run("rollback", "--reason", "数据有误")
    assert done.returncode == 0, done.stderr
    assert sandbox.release() == older
    assert sandbox.run("verify").returncode == 0


def litter(root: Path) -> list[Path]:
    """Leave what file managers and people leave, wherever folders are listed."""
    files = [
        root / folder / name
        for folder in (
            "warehouse/releases",
            "exports",
            "exports/2023-06",
            "published",
            "archive",
            "seeds/raw/2023_06",
            "logs/refresh",
        )
        for name in (".DS_Store", "Thumbs.db", "desktop.ini")
    ]
    files += [
        root / "warehouse/releases/备份/ywtb.duckdb",
        root / "warehouse/releases/20231301T000000000000Z/ywtb.duckdb",
        root / "exports/511700",
        root / "exports/备份/manifest.json",
        root / "published/2023-06 - 副本.json",
        root / "archive/2023_06/备份/intake.json",
    ]
    for path in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\0")
    return files


@pytest.mark.soak
def test_a_refresh_gets_out_of_whatever_befell_the_warehouse(june_copy: Sandbox) -> None:
    """From the seeds and what is on record, with nothing whole beside them, in one go."""
    root = june_copy.root
    warehouse, releases = root / "warehouse", root / "warehouse" / "releases"
    record = (root / RECORD).read_bytes()
    released = releases / june_copy.release()
    replace_link(released / "ywtb.duckdb")
    released.rename(releases / FUTURE)
    (releases / FUTURE / "ywtb.duckdb.wal").write_bytes(b"half")
    (releases / "20230801T000000000000Z").mkdir()
    (warehouse / "building" / "left").mkdir(parents=True)
    write(root / "exports/2023-06/manifest.json", b"[]")
    left = litter(root)
    done = june_copy.run("refresh", "--keep", "1")
    assert done.returncode == 0, done.stderr
    assert "应为指向一次发布的链接" in done.stderr
    assert june_copy.release() > FUTURE
    assert ids(releases) == [june_copy.release()]
    assert (root / RECORD).read_bytes() == record
    assert june_copy.run("verify").returncode == 0
    assert [path for path in left if not path.exists() and path.parent.name != "2023-06"] == []


def test_an_intake_whose_order_is_damaged_is_told(june_copy: Sandbox) -> None:
    order = june_copy.root / ".intake" / "ready" / "intake.json"
    order.parent.mkdir(parents=True)
    for content in (b'{"mon', b"[]", b"null", b"\xff"):
        order.write_bytes(content)
        with pytest.raises(DamageError, match="无法读取"):
            recover(Project(june_copy.root))
    done = june_copy.run("refresh")
    assert done.returncode == 1
    assert "请删去 .intake 文件夹，重新收取该月" in done.stderr


@pytest.mark.parametrize("content", ["", "[]", "{}", "null"])
def test_whoever_holds_the_lock_need_not_have_said_so(tmp_path: Path, content: str) -> None:
    project = Project(tmp_path)
    with writer_lock(project, "refresh"):
        (project.warehouse / "lock.holder.json").write_text(content)
        with pytest.raises(LockedError, match="未知的进程"), writer_lock(project, "ingest"):
            pass


@pytest.mark.parametrize("content", ["- a\n", "vars: [1]\n", "a: {\n", "vars:\n", "# 达州\n"])
def test_settings_that_are_none_are_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "dbt_project.yml").write_text(content, encoding="gbk")
    with pytest.raises(SettingsError) as told:
        Project(tmp_path).score_months()
    assert "\n" not in str(told.value)


def test_an_id_is_after_those_there_whatever_the_clock_says(tmp_path: Path) -> None:
    first = new_id(tmp_path)
    (tmp_path / FUTURE).mkdir()
    (tmp_path / "29990101T000000000000Z").touch()
    assert first < new_id(tmp_path) == "20990101T000000000001Z"


@pytest.mark.parametrize(
    ("changed", "told"),
    [("seeds/errata/errata.csv",) * 2, ("models/audit/revisions.sql", "models")],
)
def test_what_changes_while_it_is_built_from_is_refused(
    june_copy: Sandbox, monkeypatch: pytest.MonkeyPatch, changed: str, told: str
) -> None:
    """Nobody could say which of both is in the release."""

    def parse(build: Build) -> list[Failure]:
        with (june_copy.root / changed).open("a", encoding="utf-8") as file:
            file.write("\n")
        return [Failure("dbt parse", "stopped here")]

    monkeypatch.setattr(Build, "parse", parse)
    outcome = job.refresh(
        Project(june_copy.root), lambda phase, done, total: None, None, 24, is_full=True
    )
    assert [(problem.file, problem.seen) for problem in outcome.problems] == [
        (told, "建库期间有改动")
    ]
