"""Intake of a month, whole or in parts: read, check, compare, and write all of it or nothing."""

import csv
import hashlib
import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from ywtb.assessment.months import MonthState, Stage, month_states
from ywtb.assessment.problem import Problem
from ywtb.assessment.reference import Reference, month_of
from ywtb.intake import store
from ywtb.intake.case_files import counted_indicators
from ywtb.intake.collection import PROVENANCE, held_cells, provenance_rows, seed_rows
from ywtb.intake.completeness import Missing, errata_problems, missing
from ywtb.intake.file_reader import FileReader
from ywtb.intake.headings import Headings
from ywtb.intake.kept import keep_present
from ywtb.intake.layout import CITY_COLUMN, Feed, Layout, layout_of
from ywtb.intake.month import Received, ReceivedMonth, ReceivedValue
from ywtb.intake.names import columns_named, unit_named
from ywtb.intake.readings import read_texts
from ywtb.intake.sources import Source, read_sources
from ywtb.intake.table_reader import read_month
from ywtb.intake.tables import BLANK, ReceivedCell, Table, shown
from ywtb.intake.values import BadValueError, unit_value
from ywtb.lock import writer_lock
from ywtb.project import Project
from ywtb.release.records import read_records
from ywtb.release.releases import new_id

BY_HAND = "手工更正.txt"
"""What stands for the sender's file where one cell was changed by hand."""


class UsageError(Exception):
    """The command lacks something; the message says what, in Chinese."""

    def __init__(self, message: str, outcome: "Intake | None" = None) -> None:
        """Keep what would have been written, if that is known."""
        super().__init__(message)
        self.outcome = outcome


@dataclass(frozen=True)
class CellChange:
    """A cell of a feed that differs from the seed that is there; None where there is no row.

    `key` is a unit's name or a metric's code, after the name of the city where the month has two,
    `title` the column's name as people know it.
    """

    feed: str
    key: str
    column: str
    title: str
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
    stage: Stage | None = None
    is_written: bool = False
    problems: list[Problem] = field(default_factory=list)
    feeds: list[FeedPlan] = field(default_factory=list)
    kept_feeds: list[str] = field(default_factory=list)
    unused_metrics: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)
    archive: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The outcome for programs."""
        return {**asdict(self), "problems": [each.as_dict() for each in self.problems]}


@dataclass(frozen=True)
class Leave:
    """What the one who hands in allows.

    Attributes:
        to_replace: that what is there is changed.
        to_skip: that a month before it is not there.
        reason: why a month is changed; a published one is not without it.
        objections_until: last day on which units may object to the draft.
        is_check: that nothing is written.
    """

    to_replace: bool = False
    to_skip: bool = False
    reason: str | None = None
    objections_until: date | None = None
    is_check: bool = False


NO_LEAVE = Leave()


def ingest(
    project: Project,
    paths: Sequence[Path],
    month: str,
    leave: Leave = NO_LEAVE,
    with_scores: bool = False,
) -> Intake:
    """Take files of a month in; nothing is written unless everything in them is in order.

    A month may come in parts, in any order: it is `collecting` until nothing is missing, and
    `draft` from then on.

    Args:
        project: the checkout.
        paths: files and folders.
        month: such as 2023-07.
        leave: what is allowed.
        with_scores: whether the scores in annexes are taken for published ones.

    Raises:
        UsageError: a path that does not exist; a change without leave or, once published, reason.
        LockedError: a refresh or another intake is under way.
    """
    for path in paths:
        if not os.path.lexists(path):
            raise UsageError(f"没有 {path}")
    with FileReader() as reader:
        layout = layout_of(Reference.from_seeds(project, month_of(month)))
        sources, problems = read_sources(paths)
        tables, unreadable = reader.tables(sources, Headings(layout).keys)
    texts = layout.words.variants(text for _, table in tables for text in table.texts)
    received = read_month(layout, tables, read_texts(project, texts), with_scores)
    received.problems[:0] = [*problems, *unreadable]
    if leave.is_check:
        return _take_in(project, received, sources, leave)
    with writer_lock(project, "ingest"):
        store.recover(project)
        return _take_in(project, received, sources, leave)


def set_cell(
    project: Project, month: str, unit_name: str, column_name: str, text: str, leave: Leave
) -> Intake:
    """Change one cell of a month, as if a part with nothing else had come in.

    Args:
        project: the checkout.
        month: such as 2023-07.
        unit_name: the unit's name or an alias.
        column_name: the indicator's name or code.
        text: the new value, written as in a monthly file.
        leave: with the reason.

    Raises:
        UsageError: no such month or indicator.
        UnknownNameError: no such unit, or more than one.
        LockedError: a refresh or another intake is under way.
    """
    layout = layout_of(Reference.from_seeds(project, month_of(month)))
    unit, columns = unit_named(layout, unit_name), columns_named(layout, column_name)
    if not columns:
        raise UsageError(f"没有指标“{column_name}”，写模板中的名称")
    if month not in month_states(project):
        raise UsageError(f"没有 {month}，先运行 ywtb ingest")
    key = unit[CITY_COLUMN], unit["unit_name"]
    data = f"{month} {unit['unit_name']} {column_name} {text}\n{leave.reason}\n".encode()
    source = Source(BY_HAND, Path(BY_HAND), data, hashlib.sha256(data).hexdigest())
    received = ReceivedMonth(layout)
    readings = read_texts(project, layout.words.variants([text]))
    table = Table(BY_HAND, None, [])
    for column in columns:
        entry = ReceivedValue("", text, source, table, 0, 0, column.label)
        try:
            cell = ReceivedCell(text, "text") if text.strip() else BLANK
            value = unit_value(cell, column, unit, readings)
        except BadValueError as error:
            found = entry.problem(shown(text), str(error), unit["unit_name"])
            received.problems.append(found)
        else:
            received.feeds[column.feed] = {key: {column.name: replace(entry, value=value)}}
    with writer_lock(project, "set"):
        store.recover(project)
        return _take_in(project, received, [source], leave)


def discard(project: Project, month: str, reason: str) -> str:
    """Take back a month that is not published; returns its last entry of the archive.

    Raises:
        UsageError: there is no such month, or it is final.
        LockedError: a refresh or an intake is under way.
    """
    name = month.replace("-", "_")
    with writer_lock(project, "discard"):
        store.recover(project)
        state = month_states(project).get(month)
        if state is None:
            raise UsageError(f"没有 {month}")
        if state.stage == "final" or _published(project, month):
            raise UsageError(f"{month} 已发布，不能撤回；更正用 ywtb refresh --revise {month}")
        present = _present(store.month_folder(project, name))
        archive = store.archive_folder(project, name)
        stamp = new_id(archive)
        kept = {f"{stamp}/before/{each}": content for each, content in present.items()}
        outcome = Intake(month)
        kept[f"{stamp}/{store.RECORD}"] = _record(outcome, [], {}, kept, stamp, reason, None)
        store.commit(project, name, {}, kept, None)
        return str((archive / stamp).relative_to(project.root))


def _take_in(
    project: Project, received: ReceivedMonth, sources: Sequence[Source], leave: Leave
) -> Intake:
    """Put what was received beside what the month has. The lock is held, but for a check."""
    layout = received.layout
    name, month = layout.month, layout.reference.label
    states = month_states(project)
    state = states.get(month)
    outcome = Intake(month, problems=received.problems)
    present = _present(store.month_folder(project, name))
    keep_present(received, present, partial(read_texts, project))
    held = held_cells(project, layout, present)
    outcome.notes = received.notes.lines
    if not outcome.problems:
        is_open = state is None or state.stage == "collecting"
        outcome.problems += _merge(received, held, present, is_open, leave)
    feeds = held | received.feeds
    counted = counted_indicators(project, name)
    outcome.missing = [] if outcome.problems else missing(layout, feeds, counted)
    if state is None or state.stage == "collecting":
        stage: Stage = "collecting" if outcome.missing else "draft"
        state = MonthState(month, stage, state.objections_until if state else None)
    else:
        outcome.problems += [
            Problem(f"seeds/raw/{name}", None, None, f"缺少 {gap}", "成稿的月份样样齐全")
            for gap in outcome.missing
        ]
    outcome.stage = state.stage
    if not outcome.missing and not outcome.problems:
        outcome.problems += errata_problems(received)
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
    if seeds == present and states.get(month) == state:
        return outcome
    release = _published(project, month)
    _stop_without_leave(outcome, states, release, leave)
    if leave.is_check:
        return outcome
    archive = store.archive_folder(project, name)
    stamp = new_id(archive)
    kept_files = {
        f"originals/{source.sha256}/{source.path.name}": source.data for source in sources
    }
    kept_files[f"{stamp}/{PROVENANCE}"] = csv_bytes(
        list(provenance_rows(layout, feeds, seeds, stamp))
    )
    kept_files |= {
        f"{stamp}/before/{each}": content
        for each, content in present.items()
        if seeds[each] != content
    }
    record = _record(outcome, sources, seeds, kept_files, stamp, leave.reason, release)
    kept_files[f"{stamp}/{store.RECORD}"] = record
    if leave.objections_until:
        state = replace(state, objections_until=leave.objections_until)
    store.commit(project, name, seeds, kept_files, state)
    outcome.is_written = True
    outcome.archive = str((archive / stamp).relative_to(project.root))
    return outcome


def _merge(
    received: ReceivedMonth,
    held: Mapping[str, Received],
    present: Mapping[str, bytes],
    is_open: bool,
    leave: Leave,
) -> list[Problem]:
    """Add to what was received the cells that the month has already.

    Returns:
        Cells on which two parts of a month disagree while it is open, unless one may replace the
        other.
    """
    problems = []
    for feed in received.layout.feeds:
        new, old = received.feeds.get(feed.name), held.get(feed.name, {})
        is_whole = feed.has_metrics or any(column.is_printed for column in feed.columns)
        if new is None or (is_whole and leave.to_replace):
            continue
        if present.get(feed.seed_name(received.layout.month), b"").startswith(CITY_COLUMN.encode()):
            received.with_city.add(feed.name)
        for key, cells in old.items():
            row = new.setdefault(key, {})
            for column, entry in cells.items():
                other = row.get(column)
                if other is None or not other.value or other.value == entry.value:
                    row[column] = entry
                elif is_open and not leave.to_replace:
                    expected = (
                        f"与已收的 {shown(entry.value)} 一致（{entry.place}）；"
                        "确要以此为准，加 --replace"
                    )
                    problems.append(other.problem(shown(other.seen), expected, key[1]))
    return problems


def _stop_without_leave(
    outcome: Intake, states: Mapping[str, MonthState], release: str | None, leave: Leave
) -> None:
    """Go no further with a change, or past a gap, that nobody allowed.

    Raises:
        UsageError: says what is needed.
    """
    month = outcome.month
    state = states.get(month)
    before = (month_of(month) - timedelta(days=1)).isoformat()[:7]
    is_gap = state is None and before not in states and min(states, default=month) < month
    if is_gap and not leave.to_skip:
        raise UsageError(f"还没有 {before}，中间会缺月；确要跳过请加 --allow-gap", outcome)
    if state is not None and state.stage != "collecting":
        if not leave.to_replace:
            raise UsageError(f"{month} 已有数据，与之不同；确要替换请加 --replace", outcome)
        if release is not None and not (leave.reason or "").strip():
            raise UsageError(f'{month} 已发布，修改须说明理由：--reason "……"', outcome)


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
    old, new = (seed_rows(layout, feed, data) for data in (present or b"", csv_bytes(rows)))
    titles = {column.name: column.label for column in feed.columns}
    changes = []
    for key in [*new, *(key for key in old if key not in new)]:
        before, after = old.get(key), new.get(key)
        if before is None:
            continue
        for column in [*before, *(name for name in after or {} if name not in before)]:
            values = before.get(column), None if after is None else after.get(column)
            if values[0] != values[1]:
                title = titles.get(column, column)
                changes.append(CellChange(feed.name, layout.titled(*key), column, title, *values))
    return FeedPlan(
        feed.name,
        feed.label,
        len(new),
        len(new.keys() - old.keys()),
        len(old.keys() - new.keys()),
        changes,
    )


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
        "stage": outcome.stage,
        "missing": [str(gap) for gap in outcome.missing],
        "notes": outcome.notes,
        "feeds": [asdict(feed) for feed in outcome.feeds],
        "kept_feeds": outcome.kept_feeds,
        "files": {
            f"../{name}": hashlib.sha256(content).hexdigest()
            for name, content in kept_files.items()
        },
    }
    return f"{json.dumps(content, ensure_ascii=False, indent=1)}\n".encode()
