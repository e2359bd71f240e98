"""Everything that was published or taken in, against the checksums and records kept of it."""

from collections.abc import Iterator

import duckdb

from ywtb.checksums import Damage
from ywtb.exports.month_folder import damaged_exports
from ywtb.exports.published_record import changes, lost
from ywtb.exports.release_month import final_months, read_month
from ywtb.intake.store import damaged_archives
from ywtb.lock import writer_lock
from ywtb.project import Project
from ywtb.release.queries import open_release
from ywtb.release.records import damaged_records, read_records
from ywtb.release.releases import (
    complete_releases,
    published_damage,
    published_release,
    release_damage,
)


def verify(project: Project) -> list[Damage]:
    """All files that are not as they were left: releases, records, exports, archive.

    The published database is compared with the records as well, so that neither can be replaced
    together with its own checksum.

    Raises:
        LockedError: another writer is at work.
    """
    with writer_lock(project, "verify"):
        published = published_damage(project)
        records = list(damaged_records(project))
        found = [*published, *_earlier(project), *records, *damaged_archives(project)]
        if published or published_release(project) is None:
            return [*found, *damaged_exports(project, None)]
        with open_release(project) as release:
            found += damaged_exports(project, release)
            if not records:
                found += [*lost(project, release), *_unlike_records(project, release)]
        return found


def _earlier(project: Project) -> Iterator[Damage]:
    for release in complete_releases(project):
        if release != published_release(project):
            remedy = f"不能再退回到它，可删去 warehouse/releases/{release}"
            yield from release_damage(project, release, remedy)


def _unlike_records(project: Project, release: duckdb.DuckDBPyConnection) -> Iterator[Damage]:
    """Records that the published database does not agree with."""
    there = set(final_months(release))
    for key, record in read_records(project).items():
        if key not in there and record.history[-1].event == "rolled_back":
            continue
        found = changes(record, read_month(release, *key) if key in there else None)
        if found:
            yield Damage(
                str(record.path.relative_to(project.root)),
                f"与已发布的数据库有 {len(found)} 处不同，如 {found[0]}",
                "先从版本库核对该文件；它无误的，运行 ywtb refresh",
            )
