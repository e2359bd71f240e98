"""A month's feeds assembled from the files received."""

from collections.abc import Iterable, Sequence

from ywtb.assessment.problem import Problem
from ywtb.intake.completeness import check_complete, errata_problems
from ywtb.intake.headings import Headings
from ywtb.intake.layout import Layout
from ywtb.intake.month import Month
from ywtb.intake.sources import Source
from ywtb.intake.table_reader import TableReader, month_problems
from ywtb.intake.tables import Table, UnreadableError


def read_tables(
    layout: Layout, sources: Sequence[Source], skipped: str
) -> tuple[list[tuple[Source, Table]], list[Problem]]:
    """Tables of all files, and problems of the files that are none."""
    from ywtb.intake.text_file import read_text_table
    from ywtb.intake.workbook import read_workbook

    keys = Headings(layout).keys
    tables: list[tuple[Source, Table]] = []
    problems: list[Problem] = []
    for source in sources:
        problems += month_problems(layout, source.path.stem, source.name)
        is_workbook = source.path.suffix.lower() == ".xlsx"
        try:
            if is_workbook:
                found = read_workbook(source.name, source.data, skipped)
            elif source.data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
                problems.append(
                    Problem(source.name, None, None, "内容是工作簿", "文本；工作簿以 .xlsx 命名")
                )
                continue
            else:
                found = [read_text_table(source.name, source.data, keys)]
        except UnreadableError as error:
            problems += error.problems
            continue
        tables += [(source, table) for table in found]
    return tables, problems


def read_month(
    layout: Layout, tables: Sequence[tuple[Source, Table]], kept: Iterable[str]
) -> Month:
    """Assemble a month.

    Args:
        layout: what the month must hold.
        tables: what was received, each with its file.
        kept: feeds that may be absent because the month has them already.
    """
    month = Month(layout)
    headings = Headings(layout)
    for source, table in tables:
        TableReader(month, headings, source, table).read()
    for feed in layout.feeds:
        received = month.feeds.get(feed.name, {})
        if any(entry.value for cells in received.values() for entry in cells.values()):
            check_complete(month, feed, received)
            continue
        month.feeds.pop(feed.name, None)
        if feed.is_required and feed.name not in kept:
            name = feed.seed_name(layout.month)
            month.problems.append(
                Problem(name, None, None, "没有该表", f"[{feed.label}] 表：{feed.description}")
            )
    if not month.problems:
        month.problems += errata_problems(month)
    return month
