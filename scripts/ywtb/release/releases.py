"""Releases: which there are, which one is published and whole, and moving between them."""

import json
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from ywtb.assessment.reference import month_of
from ywtb.checksums import MANIFEST, Damage, DamageError, changed_files
from ywtb.project import Project

DATABASE = "ywtb.duckdb"
ID = "%Y%m%dT%H%M%S%fZ"
"""A release's id is the time at which its build began."""


class NotPublishedError(Exception):
    """There is no published release yet."""


class NoReleaseError(Exception):
    """No such release, or none to go back to."""


def new_id(folder: Path) -> str:
    """The time as an id, after those in a folder even where the clock was set back since."""
    now = datetime.now(UTC).replace(tzinfo=None)
    last = max((datetime.strptime(each, ID) for each in ids(folder)), default=datetime.min)
    return max(now, last + timedelta(microseconds=1)).strftime(ID)


def begun_at(release: str) -> datetime:
    """The time that a release's id is, in UTC."""
    return datetime.strptime(release, ID).replace(tzinfo=UTC)


def ids(folder: Path) -> list[str]:
    """Names of the folders in a folder that are ids, oldest first; what else lies there is not."""
    if not folder.is_dir():
        return []
    return sorted(each.name for each in folder.iterdir() if each.is_dir() and _is_id(each.name))


def _is_id(name: str) -> bool:
    try:
        return datetime.strptime(name, ID).strftime(ID) == name
    except ValueError:
        return False


def complete_releases(project: Project) -> list[str]:
    """Ids of the releases that were built, oldest first; one that is being built is not."""
    unfinished = {project.building.resolve().name} - {published_release(project)}
    return [
        each
        for each in ids(project.releases)
        if each not in unfinished and (project.releases / each / DATABASE).exists()
    ]


def published_release(project: Project) -> str | None:
    """Id of the published release; None before the first, or where the link leads to none."""
    link = project.published
    if not link.is_symlink() or not link.exists():
        return None
    database = link.resolve()
    is_release = database.parents[1] == project.releases.resolve() and database.name == DATABASE
    return database.parent.name if is_release else None


def release_damage(project: Project, release: str, remedy: str) -> list[Damage]:
    """What of a release is not as it was published; a change that waits beside it counts."""
    folder = project.releases / release
    found = changed_files(folder / MANIFEST)
    log = folder / f"{DATABASE}.wal"
    if log.exists():
        found.append((log, "是别的程序写这个库时留下的"))
    return [Damage(str(path.relative_to(project.root)), what, remedy) for path, what in found]


def published_damage(project: Project) -> list[Damage]:
    """What of the published release is not as it was published, its link included."""
    remedy = "运行 ywtb refresh，即由种子和发布记录重新发布"
    release = published_release(project)
    if release is not None:
        return release_damage(project, release, remedy)
    link, kept = project.published, complete_releases(project)
    if link.is_symlink():
        problem = f"是链接，所指的 {link.readlink()} 不是一次发布，或已不存在"
    elif link.exists():
        problem = "应为指向一次发布的链接，现在不是，如由压缩包解出的副本"
    elif kept:
        problem = "不存在，而留有以前的发布"
    else:
        return []
    if kept:
        remedy += f"；也可运行 ywtb rollback {kept[-1]} --reason “……”"
    return [Damage(str(link.relative_to(project.root)), problem, remedy)]


def published_database(project: Project) -> Path:
    """The published release's database, which is whole.

    Its checksum takes longer the more cities there are, so it is taken once, and again where the
    file system says that anything was written since.

    Raises:
        NotPublishedError: nothing has been published yet.
        DamageError: what was published is not there any more as it was.
    """
    seen, checked = _as_seen(project), project.warehouse / "checked"
    if not seen or not checked.is_file() or checked.read_bytes() != seen:
        if damages := published_damage(project):
            raise DamageError(damages[0])
        if not seen:
            raise NotPublishedError(project.published)
        with suppress(OSError):  # whoever may only read takes the checksum every time
            new = checked.with_name(f".checked.{os.getpid()}")
            new.write_bytes(seen)
            new.replace(checked)
    return project.published.resolve()


def _as_seen(project: Project) -> bytes:
    """What the file system says of the published release's files; blank where there is none.

    The time of a file's last change is the system's own: no program can set it back.
    """
    release = published_release(project)
    found = {}
    for path in sorted((project.releases / release).iterdir()) if release else ():
        state = path.stat()
        times = state.st_mtime_ns, state.st_ctime_ns
        found[path.name] = [state.st_dev, state.st_ino, state.st_size, *times]
    return json.dumps({release: found}).encode() if release else b""


def publish(project: Project, release: str) -> None:
    """Make a release the published one by moving the symlink, which readers see all at once.

    It is no longer being built then, so whoever clears away unfinished builds leaves it alone.

    Raises:
        DamageError: it is not whole.
    """
    if damages := release_damage(project, release, "没有发布它"):
        raise DamageError(damages[0])
    database = project.releases / release / DATABASE
    point(project.published, database)
    if project.building.is_symlink() and project.building.resolve() == database.parent.resolve():
        project.building.unlink()


def point(link: Path, target: Path) -> None:
    """Make `link` a symlink to `target`, in one step for whoever reads it."""
    link.parent.mkdir(exist_ok=True)
    new = link.with_name(f".{link.name}.new")
    new.unlink(missing_ok=True)
    new.symlink_to(os.path.relpath(target, link.parent))
    new.replace(link)


def earlier_release(project: Project, release: str | None) -> str:
    """Id of the release to go back to: `release`, or the newest before the published one.

    Raises:
        NoReleaseError: there is no such release.
        DamageError: it is not as it was published.
    """
    published, complete = published_release(project), complete_releases(project)
    earlier = [each for each in complete if published is None or each < published]
    wanted = release or max(earlier, default=None)
    if wanted is None or wanted not in complete:
        raise NoReleaseError(wanted or published or "")
    others = "、".join(each for each in complete if each != wanted)
    still = f"已发布的仍是 {published}" if published else "什么也没有改变"
    remedy = f"不能退回到它，{still}；留有的还有：{others or '无'}"
    if damages := release_damage(project, wanted, remedy):
        raise DamageError(damages[0])
    return wanted


def prune(project: Project, keep: int) -> list[str]:
    """Remove all but the newest `keep` releases, never the published one; return what went."""
    complete = complete_releases(project)
    old = complete[: max(len(complete) - keep, 0)]
    gone = [each for each in old if each != published_release(project)]
    for release in ids(project.releases):
        if release in gone or release not in complete:  # one that was left by a killed removal
            shutil.rmtree(project.releases / release)
    return gone


def write_manifest(
    project: Project,
    connection: duckdb.DuckDBPyConnection,
    release: str,
    test_count: int,
    inputs: Mapping[str, str],
    figures: Mapping[str, str],
    seeds: Mapping[str, tuple[str, int]],
) -> None:
    """Fill the tables `audit.release_*` of a release: what it is made from.

    Args:
        project: the checkout that it was built from.
        connection: the release's database, open for writing.
        release: its id.
        test_count: dbt data tests that passed on it.
        inputs: checksum of what each month follows from, by month such as `2023_06`.
        figures: checksum of what its figures follow from.
        seeds: checksum and size of every seed that it was built from, by path.
    """
    connection.execute(
        """
        insert into audit.release_manifest by name
        select
            cast($release as varchar) as release_id,
            cast($built_at as timestamp) as built_at,
            (select list(strftime(score_month, '%Y-%m') order by score_month)
                from intermediate.int_score_months) as score_months,
            cast($code_version as varchar) as code_version,
            cast($tools as map(varchar, varchar)) as tool_versions,
            cast($test_count as integer) as test_count,
            (select cast(count(*) as integer) from audit.expectation_results) as expectation_count,
            cast($previous as varchar) as previous_release_id
        """,
        {
            "release": release,
            "built_at": datetime.now(UTC).replace(tzinfo=None),
            "code_version": _code_version(project.root),
            "tools": {
                "python": platform.python_version(),
                **{name: version(name) for name in ("ywtb", "dbt-core", "dbt-duckdb", "duckdb")},
            },
            "test_count": test_count,
            "previous": published_release(project),
        },
    )
    connection.execute(
        "insert into audit.release_seeds select unnest($paths), unnest($sha256), unnest($sizes)",
        {
            "paths": list(seeds),
            "sha256": [sha256 for sha256, _ in seeds.values()],
            "sizes": [size for _, size in seeds.values()],
        },
    )
    connection.execute("delete from audit.release_months")
    connection.execute(
        "insert into audit.release_months "
        "select unnest($months), unnest($sha256), unnest($figures)",
        {
            "months": [month_of(month) for month in inputs],
            "sha256": list(inputs.values()),
            "figures": [figures[month] for month in inputs],
        },
    )
    tables = connection.execute(
        "select schema_name, table_name from duckdb_tables() "
        "where schema_name != 'main' and table_name not like 'release_%' order by all"
    ).fetchall()
    counts = " union all ".join(
        f"select '{schema}', '{table}', count(*) from \"{schema}\".\"{table}\""  # noqa: S608
        for schema, table in tables
    )
    connection.execute(f"insert into audit.release_tables {counts}")


def seed_checksums(connection: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, int]]:
    """SHA-256 and size of every seed that a release was built from, by path."""
    found = connection.execute("select seed_path, sha256, byte_count from audit.release_seeds")
    return {path: (sha256, size) for path, sha256, size in found.fetchall()}


def month_checksums(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """What each month of a release follows from, by month such as `2023_06`."""
    rows = connection.execute(
        "select strftime(score_month, '%Y_%m'), input_sha256 from audit.release_months"
    ).fetchall()
    return dict(rows)


def figure_checksums(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """What the figures of each month of a release follow from, by month such as `2023_06`."""
    rows = connection.execute(
        "select strftime(score_month, '%Y_%m'), figures_sha256 from audit.release_months"
    ).fetchall()
    return dict(rows)


def read_manifest(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """What a release says of itself, with the number of its seeds and rows."""
    cursor = connection.execute(
        "select *, (select count(*) from audit.release_seeds) as seed_count, "
        "(select sum(row_count) from audit.release_tables) as row_count "
        "from audit.release_manifest"
    )
    names = [column[0] for column in cursor.description or []]
    (row,) = cursor.fetchall()
    return dict(zip(names, row, strict=True))


def _code_version(root: Path) -> str:
    """The commit of the checkout, marked where files differ from it; the package's otherwise."""
    git = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        described = subprocess.run(git, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return version("ywtb")
    return described.stdout.strip()
