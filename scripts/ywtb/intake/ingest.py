"""Intake of a month: read, check, compare, and write all feeds or none."""

import csv
import hashlib
import io
import json
import os
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from ywtb.assessment.problem import Problem
from ywtb.assessment.reference import Reference, month_of
from ywtb.intake import store
from ywtb.intake.completeness import check_month
from ywtb.intake.file_reader import FileReader
from ywtb.intake.headings import Headings
from ywtb.intake.kept import keep_present
from ywtb.intake.layout import CITY_COLUMN, Feed, Layout, layout_of
from ywtb.intake.month import Key, ReceivedMonth
from ywtb.intake.readings import read_texts
from ywtb.intake.sources import Source, read_sources
from ywtb.intake.table_reader import check_feeds, read_month
from ywtb.intake.tables import compact, letters
from ywtb.lock import writer_lock
from ywtb.project import Project
from ywtb.release.records import read_records
from ywtb.release.releases import new_id

PROVENANCE_COLUMNS = (
    "seed_file",
    "seed_row",
    "column_name",
    "value",
    "source_file",
    "source_sha256",
    "source_sheet",
    "source_row",
    "source_column",
    "source_heading",
    "seen_value",
)


class UsageError(Exception):
    """The command lacks something; the message says what, in Chinese."""

    def __init__(self, message: str, outcome: "Intake | None" = None) -> None:
        """Keep what would have been written, if that is known."""
        super().__init__(message)
        self.outcome = outcome


@dataclass(frozen=True)
class CellChange:
    """A cell of a feed that differs from the seed that is there; None where there is no row.

    `key` is a unit's name or a metric's code, after the name of the city where the month has two.
    """

    feed: str
    key: str
    column: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class FeedPlan:
    """What becomes of a feed: rows written, how many of them are new or gone, changed cells."""

    feed: str
    label: str
    rows: int
    new_rows: int
    removed_rows: int
    changes: list[CellChange]


@dataclass
class Intake:
    """What an intake did, or why it did nothing. `month` is such as 2023-07.

    `notes` say what of the files was set aside, or read as something else than it is written.
    """

    month: str
    is_written: bool = False
    problems: list[Problem] = field(default_factory=list)
    feeds: list[FeedPlan] = field(default_factory=list)
    kept_feeds: list[str] = field(default_factory=list)
    unused_metrics: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    archive: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The outcome for programs."""
        return {**asdict(self), "problems": [each.as_dict() for each in self.problems]}


def ingest(
    project: Project,
    paths: Sequence[Path],
    month: str,
    is_replacement: bool = False,
    reason: str | None = None,
    with_scores: bool = False,
    is_check: bool = False,
) -> Intake:
    """Take the files of a month in; nothing is written unless everything is in order.

    Feeds that the month has already and that were not handed in stay as they are.

    Args:
        project: the checkout.
        paths: files and folders.
        month: such as 2023-07.
        is_replacement: whether a month that is there may be changed.
        reason: why a published month is changed; kept with the record of the intake.
        with_scores: whether the scores in annexes are taken for published ones.
        is_check: whether to find out all the same and write nothing.

    Raises:
        UsageError: a path that does not exist; a change without leave or, once published, reason.
        LockedError: a refresh or another intake is under way.
    """
    for path in paths:
        if not os.path.lexists(path):
            raise UsageError(f"没有 {path}")
    with FileReader() as reader:
        layout = layout_of(Reference.from_seeds(project, month_of(month)))
        name = layout.month
        sources, problems = read_sources(paths)
        tables, unreadable = reader.tables(sources, Headings(layout).keys)
    texts = layout.words.variants(text for _, table in tables for text in table.texts)
    readings = read_texts(project, texts)
    received = read_month(layout, tables, readings, with_scores)
    with nullcontext() if is_check else writer_lock(project, "ingest"):
        if not is_check:
            store.recover(project)
        outcome = Intake(month)
        present = _present(store.month_folder(project, name))
        keep_present(received, present, partial(read_texts, project))
        check_feeds(received)
        # A file that could not be read may hold any feed.
        is_unknown = bool(problems or unreadable)
        check_month(
            received,
            [feed.name for feed in layout.feeds if is_unknown or feed.seed_name(name) in present],
        )
        outcome.problems = [*problems, *unreadable, *received.problems]
        outcome.notes = received.notes.lines
        if outcome.problems:
            return outcome
        seeds = dict(present)
        for feed in layout.feeds:
            if feed.name in received.feeds:
                rows = received.seed_rows(feed)
                seeds[feed.seed_name(name)] = csv_bytes(rows)
                if feed.has_metrics:
                    outcome.unused_metrics += _unused_metrics(layout, feed, received)
                outcome.feeds.append(_plan(layout, feed, rows, present.get(feed.seed_name(name))))
            elif feed.seed_name(name) in present:
                outcome.kept_feeds.append(feed.label)
        if is_check or (seeds == present and name in project.score_months()):
            return outcome
        is_revision = seeds != present and bool(present)
        release = _published(project, month)
        if is_revision and not is_replacement:
            raise UsageError(f"{month} 已有数据，与之不同；确要替换请加 --replace", outcome)
        if seeds != present and release is not None and not (reason or "").strip():
            raise UsageError(f'{month} 已发布，修改须说明理由：--reason "……"', outcome)
        archive = store.archive_folder(project, name)
        stamp = new_id(archive)
        kept_files = {
            f"originals/{source.sha256}/{source.path.name}": source.data for source in sources
        }
        kept_files[f"{stamp}/cells.csv"] = _provenance(layout, received)
        kept_files |= {
            f"{stamp}/before/{each}": content
            for each, content in present.items()
            if seeds[each] != content
        }
        record = _record(outcome, sources, seeds, kept_files, stamp, reason, release)
        kept_files[f"{stamp}/{store.RECORD}"] = record
        store.commit(project, name, seeds, kept_files)
        outcome.is_written = True
        outcome.archive = str((archive / stamp).relative_to(project.root))
        return outcome


def _present(folder: Path) -> dict[str, bytes]:
    """Content of the month's folder; anything but files there would not survive the exchange."""
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    for path in found:
        if path.is_symlink() or not path.is_file():
            raise UsageError(f"{path} 不是普通文件，请先移走")
    return {path.name: path.read_bytes() for path in found}


def csv_bytes(rows: Sequence[Sequence[str]]) -> bytes:
    """Rows as a seed file: UTF-8, LF, quoted only where needed."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _plan(layout: Layout, feed: Feed, rows: list[list[str]], present: bytes | None) -> FeedPlan:
    lines = csv.reader(io.StringIO((present or b"").decode("utf-8-sig", "replace"), newline=""))
    old, new = _by_key(layout, feed, list(lines)), _by_key(layout, feed, rows)
    changes = []
    for key in [*new, *(key for key in old if key not in new)]:
        before, after = old.get(key), new.get(key)
        if before is None:
            continue
        for column in [*before, *(name for name in after or {} if name not in before)]:
            values = before.get(column), None if after is None else after.get(column)
            if values[0] != values[1]:
                changes.append(CellChange(feed.name, layout.titled(*key), column, *values))
    return FeedPlan(
        feed.name,
        feed.label,
        len(new),
        len(new.keys() - old.keys()),
        len(old.keys() - new.keys()),
        changes,
    )


def _by_key(layout: Layout, feed: Feed, lines: list[list[str]]) -> dict[Key, dict[str, str]]:
    """Rows of a seed by city and unit or metric, a unit under its name in the month."""
    found: dict[Key, dict[str, str]] = {}
    for line in lines[1:]:
        row = dict(zip(lines[0], line, strict=False))
        city = row.pop(CITY_COLUMN, "") or layout.only_city or ""
        name = row.pop(feed.key, "")
        unit = layout.units_by_name.get((city, compact(name)))
        key = city, unit["unit_name"] if unit else name
        # A name may be printed twice, once for another unit, as an erratum says.
        found[key if key not in found else (city, f"{name}（第{len(found) + 2}行）")] = row
    return found


def _unused_metrics(layout: Layout, feed: Feed, received: ReceivedMonth) -> list[str]:
    return [
        layout.titled(row[CITY_COLUMN], row["metric_name"])
        for row in feed.rows
        if (row[CITY_COLUMN], row[feed.key]) not in received.feeds[feed.name]
    ]


def _published(project: Project, month: str) -> str | None:
    """Id of the newest release that is on record for the month, wherever it was published."""
    found = [
        entry.release
        for (recorded, _), record in read_records(project).items()
        if recorded == month
        for entry in record.history
    ]
    return max(found, default=None)


def _record(
    outcome: Intake,
    sources: Sequence[Source],
    seeds: dict[str, bytes],
    kept_files: dict[str, bytes],
    stamp: str,
    reason: str | None,
    release: str | None,
) -> bytes:
    """Who may ask what was taken in when, why and from what finds it here."""
    content = {
        "month": outcome.month,
        "taken_in_at": stamp,
        "reason": reason,
        "published_release": release,
        "sources": [
            {"name": source.name, "bytes": len(source.data), "sha256": source.sha256}
            for source in sources
        ],
        "seeds": {
            name: hashlib.sha256(content).hexdigest() for name, content in sorted(seeds.items())
        },
        "feeds": [asdict(feed) for feed in outcome.feeds],
        "kept_feeds": outcome.kept_feeds,
        "notes": outcome.notes,
        "files": {
            f"../{name}": hashlib.sha256(content).hexdigest()
            for name, content in kept_files.items()
        },
    }
    return f"{json.dumps(content, ensure_ascii=False, indent=1)}\n".encode()


def _provenance(layout: Layout, received: ReceivedMonth) -> bytes:
    """Every seed cell with the cell it came from; rows and columns as a spreadsheet counts them."""
    rows = [PROVENANCE_COLUMNS]
    for feed in layout.feeds:
        if feed.name not in received.feeds:
            continue
        for number, key in enumerate(received.keys(feed), start=2):
            cells = received.feeds[feed.name][key]
            for name in (column.name for column in feed.columns if column.name in cells):
                entry = cells[name]
                rows.append(
                    (
                        feed.seed_name(layout.month),
                        str(number),
                        name,
                        entry.value,
                        entry.source.name,
                        entry.source.sha256,
                        entry.table.location,
                        str(entry.row + 1),
                        letters(entry.column),
                        entry.label,
                        entry.seen,
                    )
                )
    return csv_bytes(rows)
