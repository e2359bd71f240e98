"""Releases: what each says of itself, which one is published, and moving between them."""

import hashlib
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from ywtb.project import Project

DATABASE = "ywtb.duckdb"


class NoReleaseError(Exception):
    """No such release, or none to go back to."""


def published_release(project: Project) -> str | None:
    """Id of the published release, or None before the first, or when its file is gone."""
    return project.published.resolve().parent.name if project.published.exists() else None


def complete_releases(project: Project) -> list[str]:
    """Ids of the releases that are whole, oldest first; one that is being built is not."""
    if not project.releases.is_dir():
        return []
    found = {path.parent.name for path in project.releases.glob(f"*/{DATABASE}")}
    unfinished = {project.building.resolve().name} - {published_release(project)}
    return sorted(found - unfinished)


def publish(project: Project, release: str) -> None:
    """Make a release the published one by moving the symlink, which readers see all at once.

    It is no longer being built then, so whoever clears away unfinished builds leaves it alone.

    Raises:
        RuntimeError: its database was not closed properly.
    """
    database = project.releases / release / DATABASE
    if database.with_name(f"{DATABASE}.wal").exists():
        raise RuntimeError(f"{database} still has a write-ahead log")
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
    """
    published = published_release(project) or ""
    complete = complete_releases(project)
    wanted = release or max((each for each in complete if each < published), default=None)
    if wanted is None or wanted not in complete:
        raise NoReleaseError(wanted or published)
    return wanted


def prune(project: Project, keep: int) -> list[str]:
    """Remove all but the newest `keep` releases, never the published one; return what went."""
    for folder in project.releases.iterdir():
        if not (folder / DATABASE).exists():  # left by a removal that was killed
            shutil.rmtree(folder)
    releases = complete_releases(project)
    old = releases[: max(len(releases) - keep, 0)]
    gone = [each for each in old if each != published_release(project)]
    for release in gone:
        shutil.rmtree(project.releases / release)
    return gone


def write_manifest(
    project: Project,
    connection: duckdb.DuckDBPyConnection,
    release: str,
    test_count: int,
    expectation_count: int,
    inputs: Mapping[str, str],
) -> None:
    """Fill the tables `audit.release_*` of a release: what it is made from.

    Args:
        project: the checkout that it was built from.
        connection: the release's database, open for writing.
        release: its id.
        test_count: dbt data tests that passed on it.
        expectation_count: expectations that hold results for it.
        inputs: checksum of what each month follows from, by month such as `2023_06`.
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
            cast($expectation_count as integer) as expectation_count,
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
            "expectation_count": expectation_count,
            "previous": published_release(project),
        },
    )
    seeds = [
        (
            str(path.relative_to(project.root)),
            hashlib.sha256(content).hexdigest(),
            len(content),
        )
        for path in sorted(project.seeds.rglob("*.csv"))
        for content in [path.read_bytes()]
    ]
    connection.executemany("insert into audit.release_seeds values (?, ?, ?)", seeds)
    connection.executemany(
        "insert into audit.release_months values (?, ?)",
        [(f"{month.replace('_', '-')}-01", checksum) for month, checksum in inputs.items()],
    )
    connection.execute(
        """
        insert into audit.release_tables by name
        select schema_name, table_name, estimated_size as row_count
        from duckdb_tables()
        where schema_name != 'main' and table_name not like 'release_%'
        order by schema_name, table_name
        """
    )


def month_checksums(project: Project) -> dict[str, str]:
    """What each month of the published release follows from, by month such as `2023_06`.

    Empty where the release does not say, as one of an older version.
    """
    if published_release(project) is None:
        return {}
    with duckdb.connect(str(project.published), read_only=True) as connection:
        try:
            rows = connection.execute(
                "select strftime(score_month, '%Y_%m'), input_sha256 from audit.release_months"
            ).fetchall()
        except duckdb.CatalogException:
            return {}
    return dict(rows)


def months_of(project: Project, release: str) -> list[str]:
    """Months that a release holds, such as `2023-06`."""
    with duckdb.connect(str(project.releases / release / DATABASE), read_only=True) as connection:
        rows = connection.execute(
            "select unnest(score_months) from audit.release_manifest"
        ).fetchall()
    return [month for (month,) in rows]


def read_manifest(database: Path) -> dict[str, Any]:
    """What a release says of itself, with the number of its seeds and rows."""
    with duckdb.connect(str(database), read_only=True) as connection:
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
