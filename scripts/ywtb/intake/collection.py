"""What a month has already: the cells of its seeds, each with the sender's cell it came from."""

import csv
import hashlib
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

from ywtb.assessment.reference import Reference, month_of
from ywtb.intake import store
from ywtb.intake.case_files import counted_indicators
from ywtb.intake.completeness import Missing, missing
from ywtb.intake.layout import CITY_COLUMN, Feed, Layout, layout_of
from ywtb.intake.month import Key, Received, ReceivedValue
from ywtb.intake.sources import Source
from ywtb.intake.tables import Table, compact, letters
from ywtb.project import Project
from ywtb.release.releases import ids

PROVENANCE = "cells.csv"
"""In each entry of the archive: every cell that the month then had, and where it came from."""

PROVENANCE_COLUMNS = (
    "seed_file", "seed_row", "city_code", "row_key", "column_name", "value", "source_file",
    "source_sha256", "source_sheet", "source_row", "source_column", "source_heading",
    "seen_value", "taken_in_at",
)  # fmt: skip


def held_cells(project: Project, layout: Layout, files: Mapping[str, bytes]) -> dict[str, Received]:
    """Cells of a month's seeds by feed.

    Args:
        project: the checkout.
        layout: what the month must hold.
        files: the month's seeds by file name.
    """
    known = {
        (row["seed_file"], row["city_code"], row["row_key"], row["column_name"]): row
        for row in _provenance(project, layout.month)
    }
    return {
        feed.name: _held(layout, feed, name, files[name], known)
        for feed in layout.feeds
        for name in [feed.seed_name(layout.month)]
        if name in files
    }


def seed_rows(layout: Layout, feed: Feed, data: bytes) -> dict[Key, dict[str, str]]:
    """Rows of a seed by city and unit or metric, a unit under its name in the month."""
    text = io.StringIO(data.decode("utf-8-sig", "replace"), newline="")
    found: dict[Key, dict[str, str]] = {}
    for number, row in enumerate(csv.DictReader(text, restval=""), start=2):
        row.pop(None, None)
        key = row_key(layout, feed, row, number)
        row.pop(CITY_COLUMN, None)
        name = row.pop(feed.key, "")
        found[key or ("", f"{name}（第{number}行）")] = row
    return found


def row_key(layout: Layout, feed: Feed, row: Mapping[str, str], number: int) -> Key | None:
    """City and unit or metric of a row of a seed, as errata say whose it is; None if nobody's."""
    city = row.get(CITY_COLUMN) or layout.only_city or ""
    name = row.get(feed.key, "")
    for correction in layout.reference.corrections:
        place = correction["feed"], correction["row_no"], correction["column_name"]
        if place == (feed.name, number, feed.key):
            name = correction["corrected_value"] or ""
    if feed.has_metrics:
        return city, name
    unit = layout.units_by_name.get((city, compact(name)))
    return None if unit is None else (city, unit["unit_name"])


def provenance_file(project: Project, month: str) -> Path | None:
    """Where it says from where the cells of a month such as 2023_07 came."""
    archive = store.archive_folder(project, month)
    for stamp in reversed(ids(archive)):
        path = archive / stamp / PROVENANCE
        if path.is_file():
            with path.open(encoding="utf-8", newline="") as file:
                # Intakes of earlier versions did not say whose row it is.
                is_known = tuple(next(csv.reader(file), ())) == PROVENANCE_COLUMNS
            return path if is_known else None
    return None


def _provenance(project: Project, month: str) -> list[dict[str, str]]:
    path = provenance_file(project, month)
    if path is None:
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def provenance_rows(
    layout: Layout, feeds: Mapping[str, Received], files: Mapping[str, bytes], taken_in_at: str
) -> Iterator[tuple[str, ...]]:
    """Rows of `PROVENANCE`, the header first.

    Args:
        layout: what the month must hold.
        feeds: all that the month has.
        files: its seeds by file name.
        taken_in_at: the entry of the archive for cells that are new.
    """
    yield PROVENANCE_COLUMNS
    for feed in (feed for feed in layout.feeds if feed.name in feeds):
        rows = seed_rows(layout, feed, files[feed.seed_name(layout.month)])
        for number, key in enumerate(rows, start=2):
            cells = feeds[feed.name].get(key, {})
            for name in (column.name for column in feed.columns if column.name in cells):
                entry = cells[name]
                yield (
                    feed.seed_name(layout.month),
                    str(number),
                    *key,
                    name,
                    entry.value,
                    entry.source.name,
                    entry.source.sha256,
                    entry.table.sheet or "",
                    str(entry.row + 1),
                    letters(entry.column),
                    entry.label,
                    entry.seen,
                    entry.taken_in_at or taken_in_at,
                )


@dataclass(frozen=True)
class Part:
    """What came of a feed from one file of a sender.

    Attributes:
        feed: the feed's name as people know it.
        source_file: the sender's file; the seed itself where it was put in place by hand.
        taken_in_at: the entry of the archive that it came with, blank by hand.
        rows: units, or city-level figures, that it has cells of.
    """

    feed: str
    source_file: str
    taken_in_at: str
    rows: list[str]


def collected(project: Project, month: str) -> tuple[list[Part], list[Missing]]:
    """What a month such as 2023-07 has by feed and file, and what it lacks."""
    layout = layout_of(Reference.from_seeds(project, month_of(month)))
    folder = store.month_folder(project, layout.month)
    files = {path.name: path.read_bytes() for path in folder.glob("*.csv")}
    held = held_cells(project, layout, files)
    parts = []
    for feed in layout.feeds:
        found: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        for key, cells in held.get(feed.name, {}).items():
            for entry in cells.values():
                found[entry.source.name, entry.taken_in_at][layout.titled(*key)] = None
        parts += [Part(feed.label, *source, list(rows)) for source, rows in found.items()]
    return parts, missing(layout, held, counted_indicators(project, layout.month))


def _held(
    layout: Layout,
    feed: Feed,
    name: str,
    data: bytes,
    known: Mapping[tuple[str, str, str, str], Mapping[str, str]],
) -> Received:
    digest = hashlib.sha256(data).hexdigest()
    received: Received = {}
    for number, (key, cells) in enumerate(seed_rows(layout, feed, data).items(), start=1):
        received[key] = {}
        for place, (column, value) in enumerate(cells.items(), start=1):
            found: Mapping[str, Any] = known.get((name, *key, column), {})
            if found.get("value") != value:  # put in place by hand, or changed since
                found = {}
            file = found.get("source_file", f"seeds/raw/{layout.month}/{name}")
            received[key][column] = ReceivedValue(
                value,
                found.get("seen_value", value),
                Source(file, Path(file), b"", found.get("source_sha256", digest)),
                Table(file, found.get("source_sheet") or None, []),
                int(found.get("source_row", number + 1)) - 1,
                _column(found["source_column"]) if found else place,
                found.get("source_heading", column),
                found.get("taken_in_at", ""),
            )
    return received


def _column(name: str) -> int:
    return reduce(lambda number, letter: number * 26 + ord(letter) - 64, name, 0) - 1
