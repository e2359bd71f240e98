"""What stays as the month's seeds have it: texts of equal values, names and order of rows.

A seed keeps the printed text, misprints included, and its errata say what was meant. An exported
annex shows what was meant, so that a cell of it is compared with that: `3` is `3.00`, and the name
that a correction gives to a row is that row's.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from ywtb.intake.collection import row_key
from ywtb.intake.layout import CITY_COLUMN, Feed
from ywtb.intake.month import Key, ReceivedMonth
from ywtb.intake.readings import Reading

Read = Callable[[Iterable[str]], Mapping[str, Reading]]

COMPARED = ("percent", "count", "points", "number")


def keep_present(month: ReceivedMonth, present: Mapping[str, bytes], read: Read) -> None:
    """Let what is received and says the same as the seeds that are there keep their text.

    Args:
        month: what was received; gets the kept texts, and the order of rows.
        present: the month's seeds that are there, by file name.
        read: reads texts as the models do.
    """
    for feed in month.layout.feeds:
        name = feed.seed_name(month.layout.month)
        if feed.name in month.feeds and name in present:
            _keep_feed(month, feed, name, present[name], read)


def _keep_feed(month: ReceivedMonth, feed: Feed, name: str, data: bytes, read: Read) -> None:
    layout = month.layout
    lines = list(csv.reader(io.StringIO(data.decode("utf-8-sig", "replace"), newline="")))
    corrected = {
        (row["row_no"], row["column_name"]): row["corrected_value"] or ""
        for row in layout.reference.corrections
        if row["feed"] == feed.name
    }
    imputed = {
        (row[CITY_COLUMN], row["unit_name"], row["indicator_code"]): row["imputed_value"] or ""
        for row in layout.reference.imputed
    }
    received = month.feeds[feed.name]
    texts = {entry.value for cells in received.values() for entry in cells.values()}
    texts |= {cell for line in lines for cell in line} | {*corrected.values(), *imputed.values()}
    readings = read(str(text) for text in texts)
    written: dict[Key, str] = {}
    for number, line in enumerate(lines[1:], start=2):
        row = dict(zip(lines[0], line, strict=False))
        key = row_key(layout, feed, row, number)
        if key is None or key in written:
            continue
        written[key] = row.get(feed.key, "")
        if key not in received:
            continue
        cells = received[key]
        for column in feed.columns:
            seed = row.get(column.name, "")
            meant = str(corrected.get((number, column.name), seed))
            entry = cells.get(column.name)
            if entry is not None:
                imputation = imputed.get((*key, column.name), "")
                is_imputed = not seed and imputation and _same(entry.value, imputation, readings)
                if is_imputed or _same(entry.value, meant, readings):
                    cells[column.name] = replace(entry, value=seed)
    month.written[feed.name] = written
    known = [name for name in lines[0] if name not in (CITY_COLUMN, feed.key)] if lines else []
    if sorted(known) == sorted(column.name for column in feed.columns):
        month.columns[feed.name] = known
    # A row that the seed lacks because all of it is imputed.
    for key in [each for each in received if each not in written]:
        cells = received[key]
        for name, entry in tuple(cells.items()):
            imputation = imputed.get((*key, name), "")
            if imputation and _same(entry.value, imputation, readings):
                cells[name] = replace(entry, value="")
        if not any(entry.value for entry in cells.values()):
            del received[key]


def _same(one: str, other: str, readings: Mapping[str, Reading]) -> bool:
    """Whether two texts of cells say the same."""
    if one == other:
        return True
    first, second = readings[one], readings[other]
    if first.is_not_applicable or second.is_not_applicable:
        return first.is_not_applicable and second.is_not_applicable
    return any(
        first.numbers[each] is not None and first.numbers[each] == second.numbers[each]
        for each in COMPARED
    )
